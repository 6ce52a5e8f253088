"""What the pictures of docs/ share: colours for light and dark, text, the frame."""
from xml.sax.saxutils import escape

STYLE = '''    .paper { fill: #ffffff; } .line { stroke: #374151; fill: none; } .grid { stroke: #d8dbe0; }
    .box { fill: #f1f2f4; stroke: #6b7280; } text { fill: #111827; } .dim { fill: #5b6470; }
    .good { fill: #1f7a33; } .bad { fill: #b3261e; }
    .c0 { stroke: #2a68a8; } .c1 { stroke: #1f7a33; } .c2 { stroke: #b3261e; } .c3 { stroke: #8a5a00; }
    .f0 { fill: #2a68a8; } .f1 { fill: #1f7a33; } .f2 { fill: #b3261e; } .f3 { fill: #8a5a00; }
    @media (prefers-color-scheme: dark) {
      .paper { fill: #14171c; } .line { stroke: #cbd5e1; } .grid { stroke: #333a45; }
      .box { fill: #262b33; stroke: #9aa3af; } text { fill: #e5e7eb; } .dim { fill: #9aa3af; }
      .good { fill: #86cf7a; } .bad { fill: #f08a75; }
      .c0 { stroke: #7db7f0; } .c1 { stroke: #86cf7a; } .c2 { stroke: #f08a75; } .c3 { stroke: #e0b45c; }
      .f0 { fill: #7db7f0; } .f1 { fill: #86cf7a; } .f2 { fill: #f08a75; } .f3 { fill: #e0b45c; }
    }
'''
SANS = 'DejaVu Sans, Verdana, sans-serif'
MONO = 'DejaVu Sans Mono, Menlo, Consolas, monospace'


def text(x, y, words, cls='', anchor='start', more=''):
    return '  <text x="%g" y="%g"%s%s%s>%s</text>' % (
        x, y, ' class="%s"' % cls if cls else '',
        ' text-anchor="%s"' % anchor if anchor != 'start' else '',
        ' ' + more if more else '', escape(words))


def picture(width, height, title, desc, body, font=SANS, size=13, style=''):
    return '\n'.join([
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img"'
        ' aria-labelledby="title desc" font-family="%s" font-size="%d">' % (
            width, height, font, size),
        '  <title id="title">%s</title>' % escape(title),
        '  <desc id="desc">%s</desc>' % escape(desc),
        '  <style>\n%s%s  </style>' % (STYLE, style),
        '  <rect class="paper" width="%d" height="%d"/>' % (width, height),
        *body, '</svg>', ''])
