#!/usr/bin/env python3
"""Log in to cockpit as a person does, by HTTP or at its page in a browser.

usage: cockpit.py [OPTION ...] USER PASSWORD [ANSWER ...]

USER and PASSWORD are those of the form.  Each further prompt is answered with the
next ANSWER; `@sign' is the line that the command of --sign prints for the prompt.  The
script ends at a prompt that has no ANSWER.

  --url URL        of cockpit-ws (http://127.0.0.1:9090)
  --sign COMMAND   a command of the shell: it reads prompts and prints answers
  --browser PATH   use the login page in that Chromium, without a window
  --home DIR       where the browser keeps what it writes
  --shots DIR      pictures of the page: form, each prompt, end

Prints `prompt TEXT', `message TEXT', `answer N' (its characters), `status N TEXT' of
each reply of /cockpit/login, and at the page `error TEXT' above the form, or `dead TEXT'
on a page without a form.  Exit status: 0 logged in, 1 refused, 3 a prompt without an
answer, 2 something is wrong with the test itself.
"""
import argparse
import base64
import fcntl
import http.client
import json
import os
import select
import signal
import subprocess
import sys
import time
import urllib.parse


class TestError(Exception):
    pass


def say(word, text):
    print(word, ' '.join(str(text).split('\n')), flush=True)


class Http:
    """The form's requests, without the form."""

    def __init__(self, url):
        self.host = urllib.parse.urlsplit(url).netloc

    def send(self, authorization):
        c = http.client.HTTPConnection(self.host, timeout=60)
        c.request('GET', '/cockpit/login',
                  headers={'Authorization': authorization})
        r = c.getresponse()
        body = r.read()
        say('status', '%d %s' % (r.status, r.reason))
        if r.status == 200 and 'cockpit=' in r.getheader('Set-Cookie', ''):
            return 'in', None
        challenge = r.getheader('WWW-Authenticate', '').split(' ')
        if r.status != 401 or challenge[0] != 'X-Conversation':
            return 'refused', None
        self.id = challenge[1]
        said = json.loads(body)
        if said.get('echo') is not False:
            raise TestError('the answer would be shown')
        return (base64.b64decode(challenge[2]).decode(),
                said.get('error') or said.get('message'))

    def start(self, user, password):
        word = base64.b64encode(('%s:%s' % (user, password)).encode())
        return self.send('Basic ' + word.decode())

    def answer(self, text):
        word = base64.b64encode(text.encode()).decode()
        return self.send('X-Conversation %s %s' % (self.id, word))

    def end(self):
        pass


class Page:
    """The login page, by the DevTools protocol over a pipe (no port)."""

    def __init__(self, url, browser, home, shots):
        self.shots, self.n, self.buf = shots, 0, b''
        self.replies, self.prompts = [], 0
        here, self.out = os.pipe()
        self.inp, there = os.pipe()
        # numbers that the browser's own 3 and 4 do not overwrite
        low = here, there
        here, there = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 20) for fd in low]
        for fd in low:
            os.close(fd)
        out = home + '/chromium.out'
        # a session of its own: all of its processes end with it
        self.pid = os.posix_spawn(
            browser,
            [browser, '--headless', '--no-sandbox', '--disable-gpu',
             '--disable-dev-shm-usage', '--no-first-run',
             '--disable-background-networking', '--disable-component-update',
             '--disable-sync', '--disable-crash-reporter', '--mute-audio',
             '--no-proxy-server', '--host-resolver-rules=MAP * ~NOTFOUND, '
             'EXCLUDE 127.0.0.1', '--window-size=1100,800',
             '--remote-debugging-pipe', '--user-data-dir=%s/profile' % home,
             'about:blank'], dict(os.environ, HOME=home), setsid=True,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, '/dev/null', os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, out, os.O_WRONLY | os.O_CREAT, 0o600),
                (os.POSIX_SPAWN_DUP2, 1, 2),
                (os.POSIX_SPAWN_DUP2, here, 3),
                (os.POSIX_SPAWN_DUP2, there, 4)])
        os.close(here)
        os.close(there)
        self.session = None
        page = [t for t in self.call('Target.getTargets')['targetInfos']
                if t['type'] == 'page'][0]
        self.session = self.call('Target.attachToTarget', flatten=True,
                                 targetId=page['targetId'])['sessionId']
        for domain in ('Page', 'Network', 'Runtime'):
            self.call(domain + '.enable')
        self.call('Page.navigate', url=url)
        self.until('document.activeElement.id === "login-user-input"')
        self.shot('form')

    def read(self):
        """One message."""
        while b'\0' not in self.buf:
            if not select.select([self.inp], [], [], 60)[0]:
                raise TestError('the browser does not answer')
            more = os.read(self.inp, 1 << 16)
            if not more:
                raise TestError('the browser has ended')
            self.buf += more
        one, self.buf = self.buf.split(b'\0', 1)
        return json.loads(one)

    def call(self, method, **params):
        self.n += 1
        what = {'id': self.n, 'method': method, 'params': params}
        if self.session:
            what['sessionId'] = self.session
        os.write(self.out, json.dumps(what).encode() + b'\0')
        while True:
            got = self.read()
            if got.get('method') == 'Network.responseReceived':
                r = got['params']['response']
                if urllib.parse.urlsplit(r['url']).path == '/cockpit/login':
                    self.replies.append('%d %s' % (r['status'], r['statusText']))
            if got.get('id') == self.n:
                if 'error' in got:
                    raise TestError('%s: %s' % (method, got['error']))
                return got['result']

    def js(self, text):
        r = self.call('Runtime.evaluate', expression=text, returnByValue=True)
        if 'exceptionDetails' in r:
            raise TestError('%s: %s' % (text, r['exceptionDetails']))
        return r['result'].get('value')

    def until(self, text):
        end = time.monotonic() + 60
        # the page may be between two documents
        while not self.js('try { !!(%s) } catch (e) { false }' % text):
            if time.monotonic() > end:
                raise TestError('never: %s' % text)
            time.sleep(0.05)

    def shot(self, name):
        if self.shots:
            data = self.call('Page.captureScreenshot')['data']
            with open('%s/%s.png' % (self.shots, name), 'wb') as f:
                f.write(base64.b64decode(data))

    def type(self, field, text):
        self.js('document.getElementById("%s").focus()' % field)
        self.call('Input.insertText', text=text)

    def enter(self):
        """The key; then what the page shows when the reply is there."""
        had = len(self.replies)
        for kind in ('keyDown', 'keyUp'):
            self.call('Input.dispatchKeyEvent', type=kind, key='Enter',
                      code='Enter', text='\r', windowsVirtualKeyCode=13)
        end = time.monotonic() + 60
        while len(self.replies) == had:
            if time.monotonic() > end:
                raise TestError('no reply of /cockpit/login')
            self.js('1')
            time.sleep(0.05)
        status = self.replies[-1]
        say('status', status)
        if status.startswith('200 '):
            # the page of the session, which has no form
            self.until('document.getElementById("login") === null || '
                       'document.getElementById("login").offsetParent === null')
            names = [c['name'] for c in self.call('Network.getCookies')['cookies']]
            self.shot('end')
            return ('in' if 'cockpit' in names else 'refused'), None
        self.until('!document.getElementById("login-button").disabled || '
                   'document.getElementById("login-fatal").offsetParent')
        # cockpit 287 has the text in login-error-message, 337 in login-error-title
        for word, name in (('error', 'error-group'),
                           ('dead', 'login-fatal-message')):
            text = self.js('(e => e.offsetParent ? e.innerText : "")('
                           'document.getElementById("%s"))' % name)
            if text:
                say(word, text)
                self.shot('end')
                return 'refused', None
        self.until('document.activeElement.id === "conversation-input"')
        self.prompts += 1
        self.shot('prompt%d' % self.prompts)
        # as a user copies it: a paragraph is selected by three clicks
        at = self.js('(r => [r.left + 20, r.top + 8])(document.getElementById('
                     '"conversation-prompt").getClientRects()[0])')
        for clicks in (1, 2, 3):
            for kind in ('mousePressed', 'mouseReleased'):
                self.call('Input.dispatchMouseEvent', type=kind, x=at[0],
                          y=at[1], button='left', clickCount=clicks)
        prompt = self.js('getSelection().toString()')
        self.shot('copy%d' % self.prompts)
        message = self.js('(e => e.offsetParent ? e.innerText : "")('
                          'document.getElementById("conversation-message"))')
        return prompt, message

    def start(self, user, password):
        self.type('login-user-input', user)
        self.type('login-password-input', password)
        return self.enter()

    def answer(self, text):
        self.type('conversation-input', text)
        return self.enter()

    def end(self):
        """Let it close itself, or kill it."""
        end = time.monotonic() + 20
        self.session = None
        self.n += 1
        try:
            os.write(self.out, json.dumps(
                {'id': self.n, 'method': 'Browser.close'}).encode() + b'\0')
        except OSError:
            pass
        while os.waitpid(self.pid, os.WNOHANG)[0] == 0:
            if time.monotonic() > end:
                os.killpg(self.pid, signal.SIGKILL)
            time.sleep(0.05)


def main():
    p = argparse.ArgumentParser()
    p.add_argument('--url', default='http://127.0.0.1:9090')
    p.add_argument('--sign')
    p.add_argument('--browser')
    p.add_argument('--home')
    p.add_argument('--shots')
    p.add_argument('user')
    p.add_argument('password')
    p.add_argument('answers', nargs='*')
    a = p.parse_args()
    way = signer = None
    try:
        way = (Page(a.url, a.browser, a.home, a.shots) if a.browser
               else Http(a.url))
        prompt, message = way.start(a.user, a.password)
        for text in a.answers:
            if prompt in ('in', 'refused'):
                raise TestError('an answer is left over')
            tell(prompt, message)
            if text == '@sign':
                signer = signer or subprocess.Popen(
                    ['sh', '-c', a.sign], stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE)
                signer.stdin.write(prompt.encode() + b'\n')
                signer.stdin.flush()
                text = signer.stdout.readline().decode().strip()
                if not text:
                    raise TestError('no response: %s' % a.sign)
            say('answer', len(text))
            prompt, message = way.answer(text)
        if prompt in ('in', 'refused'):
            return prompt == 'refused'
        tell(prompt, message)
        return 3
    except (TestError, OSError, ValueError) as e:
        say('cockpit.py:', e)
        return 2
    finally:
        if way:
            way.end()
        if signer:
            signer.stdin.close()
            signer.wait()


def tell(prompt, message):
    if message:
        say('message', message)
    say('prompt', prompt)


sys.exit(main())
