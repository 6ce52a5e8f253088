"""Which texts stand in log lines without quotes.

usage: logtext.py LIST FILE.c ...

Reads every call of ca_log() and its like, ca_format() and ca_rule_refuse(), and
looks at the texts among its arguments:

  %-s  is for texts of ours alone: literals, the functions of OURS, a choice
       between such, and the expressions of LIST (FILE: EXPRESSION), each with
       the reason in a comment above it
  %s   quotes; a text of ours there would stand in quotes for no reason

A format that is no literal, a conversion that base/log.c does not have, and a
line of LIST that nothing uses are errors too.
"""
import re
import sys

OURS = ('ca_err_text', 'p11_kit_strerror', 'ca_reason_code', 'ca_reason_text', 'strerror',
        'ca_file_distrust', 'ca_selector_name')
# how many arguments stand before the format
CALLS = {'ca_log': 2, 'ca_log_err': 1, 'ca_log_warning': 1, 'ca_log_debug': 1,
         'ca_rule_refuse': 1, 'ca_format': 2, 'ca_key_tell': 2,
         'ca_p11_tell': 1, 'act_refused': 1}
CALL = re.compile(r'\b(' + '|'.join(CALLS) + r')\s*\(')
CONV = re.compile(r'%(-?)(0?\d*)(\.\d+|\.\*)?(?:h|ll|l|z)?([sdiuxocm%])')
STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


def split(text, sep):
    """Parts of text at sep outside of parentheses and literals."""
    parts, depth, at, i = [], 0, 0, 0
    while i < len(text):
        literal = STRING.match(text, i) or re.compile(r"'(?:[^'\\]|\\.)'").match(
            text, i)
        if literal:
            i = literal.end()
            continue
        if text[i] in '([{':
            depth += 1
        elif text[i] in ')]}':
            depth -= 1
            if depth < 0:
                break
        elif depth == 0 and text[i] == sep:
            parts.append(text[at:i])
            at = i + 1
        i += 1
    parts.append(text[at:i])
    return [' '.join(p.split()) for p in parts]


# what xgettext collects is a literal
MARK = re.compile(r'\bN_\(((?:\s*"(?:[^"\\]|\\.)*")+\s*)\)')


def literals(text):
    """The joined content of string literals; None: something else is there."""
    rest = STRING.sub('', text)
    rest = re.sub(r'\bPRI\w+\b', '', rest)
    if rest.strip():
        return None
    return ''.join(m.group(0)[1:-1] for m in STRING.finditer(text))


def is_ours(expr):
    expr = expr.strip()
    while expr.startswith('(') and split(expr[1:], '\0')[0] == expr[1:-1]:
        expr = expr[1:-1].strip()
    if literals(expr) is not None:
        return True
    ask = split(expr, '?')
    if len(ask) > 1:
        # CONDITION ? a : b, also if another one follows the colon
        rest = '?'.join(ask[1:])
        colon = split(rest, ':')
        return is_ours(colon[0]) and is_ours(':'.join(colon[1:]))
    return any(re.fullmatch(name + r'\(.*\)', expr) for name in OURS)


def calls(path):
    text = re.sub(r'/\*.*?\*/', lambda m: re.sub(r'[^\n]', ' ', m.group(0)),
                  open(path).read(), flags=re.S)
    # as many lines as before
    text = MARK.sub(lambda m: m.group(1), text)
    for m in CALL.finditer(text):
        line = text.count('\n', 0, m.start()) + 1
        args = split(text[m.end():], ',')
        # a declaration, or the function itself
        if re.match(r'(const )?(struct|char) ', args[0]):
            continue
        if text[text.rfind('\n', 0, m.start()) + 1:].startswith('#define'):
            continue
        skip = CALLS[m.group(1)]
        yield line, args[skip], args[skip + 1:]


def main():
    allowed, used, bad, count = set(), set(), 0, 0
    for line in open(sys.argv[1]):
        line = line.strip()
        if line and not line.startswith('#'):
            allowed.add(tuple(line.split(': ', 1)))
    for path in sys.argv[2:]:
        for line, fmt, args in calls(path):
            def say(what):
                nonlocal bad
                bad += 1
                print(f'{path}:{line}: {what}')
            count += 1
            form = literals(fmt)
            if form is None:
                say(f'the format is no literal: {fmt}')
                continue
            if CONV.sub('', form).count('%'):
                say(f'a conversion that ca_log does not have: {form}')
            if re.search(r'"%(\.\d+|\.\*)?s', form.replace('\\', '')):
                say(f'%s has quotes of its own: {form}')
            args = list(args)
            for conv in CONV.finditer(form):
                if conv.group(4) in '%m':
                    continue
                if conv.group(3) == '.*':
                    args.pop(0)
                arg = args.pop(0)
                if conv.group(4) != 's':
                    continue
                ours = is_ours(arg)
                if not conv.group(1):
                    if ours:
                        say(f'a text of ours needs %-s: {arg}')
                    continue
                listed = (path, arg)
                if listed in allowed:
                    used.add(listed)
                elif not ours:
                    say(f'%-s with a text that may be of others: {arg}')
    for path, arg in sorted(allowed - used):
        print(f'{sys.argv[1]}: nothing uses {path}: {arg}')
        bad += 1
    print(f'{count} calls, {bad} wrong')
    return 1 if bad or count < 50 else 0


if __name__ == '__main__':
    sys.exit(main())
