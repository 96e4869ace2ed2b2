"""The room: the studio's wall, shelves and table, all that stands still."""

import math

import numpy as np
from PIL import Image, ImageDraw

from .paint import SS, TAU, Layer, gradient
from .pottery import BOWL, CUP, JAR, JUG, PLAIN, ROUND, TALL, VASE, Pot, leaf, simple, vase_glaze
from .stage import CLOCK, CUP_AT, H, TABLE, W, WIN


def build_room():
    """All that stands still, with a hole for the window."""
    L = Layer(0, 0, W, H)
    for part in (wall, window_frame, shelves, clock_case, table, crockery, tools, wheel):
        part(L)
    return L.floats()


def wall(L):
    """The plaster and the wainscot below it."""
    plaster = gradient(W * SS, H * SS, [(0, "#2b1e24"), (.45, "#43302f"), (.76, "#4d3733"), (1, "#4d3733")])
    L.im = Image.fromarray(plaster.astype(np.uint8)).convert("RGBA")
    L.d = ImageDraw.Draw(L.im)
    # wainscot
    L.rect(0, 352, W, TABLE + 10, "#3c2a2a")
    L.rect(0, 350, W, 355, "#5a4039")
    for i in range(25):
        L.rect(i * 40 + 19, 356, i * 40 + 20.5, TABLE + 4, "#352525")


def window_frame(L):
    """A shadowed reveal, the frame, its bars and the sill; the opening is cut out."""
    x0, y0, x1, y1 = WIN
    L.shade(lambda m: m.rect(x0 - 16, y0 - 14, x1 + 20, y1 + 26, (0, 0, 0, 255), 6), 10, alpha=.55)
    L.rect(x0 - 13, y0 - 13, x1 + 13, y1 + 13, "#6b4a3a", 4)
    L.rect(x0 - 13, y0 - 13, x1 + 13, y0 - 9, "#7d5844", 3)
    L.rect(x0 - 5, y0 - 5, x1 + 5, y1 + 5, "#4b332b", 2)
    px = L.pts([(x0, y0), (x1, y1)])
    hole = Image.new("L", L.im.size, 255)
    ImageDraw.Draw(hole).rectangle([px[0], (px[1][0] - 1, px[1][1] - 1)], fill=0)
    L.im.putalpha(hole)
    L.d = ImageDraw.Draw(L.im)
    xm, ym = (x0 + x1) / 2, y0 + 98
    L.rect(xm - 4.5, y0, xm + 4.5, y1, "#5e4134")
    L.rect(xm + 2.5, y0, xm + 4.5, y1, "#7d5844")
    L.rect(x0, ym - 3.5, x1, ym + 3.5, "#5e4134")
    L.rect(x0, ym - 3.5, x1, ym - 1.8, "#7d5844")
    L.rect(x0 - 26, y1 + 11, x1 + 26, y1 + 23, "#7a5341", 3)
    L.rect(x0 - 26, y1 + 11, x1 + 26, y1 + 14, "#94684f", 2)
    L.shade(lambda m: m.rect(x0 - 20, y1 + 23, x1 + 22, y1 + 31, (0, 0, 0, 255)), 4, alpha=.5)


def shelves(L):
    """Three boards with finished pieces."""
    dim, tint = .76, (1.0, .94, .90)
    S0, S1 = 690, 930
    rows = (128, 228, 328)
    for y in rows:
        L.shade(lambda m: m.rect(S0 + 2, y + 8, S1 + 4, y + 24, (0, 0, 0, 255), 4), 7, alpha=.55)
        for bx in (S0 + 26, S1 - 26):
            L.poly([(bx - 3, y + 8), (bx + 3, y + 8), (bx + 3, y + 24), (bx - 3, y + 18)], "#33221f")
    things = {
        rows[0]: [(722, 62, JUG, simple("#8c4a38", "#6d3529", 300, seed=11), .0),
                  (790, 40, ROUND, simple("#c9b18f", "#8a9a82", 330, seed=12), .0),
                  (846, 76, TALL, simple("#33526a", None, seed=13, stripes=((200, 222, "#b98d50"), (240, 248, "#b98d50"))), 0),
                  (898, 44, JAR, simple("#b98b66", "#d8c5a6", 220, seed=14), 0)],
        rows[1]: [(736, 26, BOWL, simple("#73867a", None, seed=15), 0),
                  (812, 70, VASE, vase_glaze(), .4),
                  (880, 50, ROUND, simple("#a55a42", None, seed=17, stripes=((180, 200, "#d8b88c"), (330, 350, "#d8b88c"))), 0)],
        rows[2]: [(716, 46, CUP, simple("#d5c3a6", "#a8503c", 210, seed=18), 0),
                  (764, 46, CUP, simple("#d5c3a6", "#35596a", 210, seed=19), 0),
                  (836, 72, JAR, simple("#4b5f58", "#2f4443", 260, seed=20, stripes=((300, 312, "#c59a58"),)), 0),
                  (898, 60, TALL, simple("#c8a06a", "#8c4a38", 200, seed=21), 0)],
    }
    for y in rows:
        for x, h, prof, g, turn in things[y]:
            p = Pot(h, prof, g, "#5c4a3c", gloss=.75)
            p.paste(L, x, y - 4, turn, dim, tint)
        L.rect(S0, y - 1, S1, y + 8, "#5b3d30", 2)
        L.rect(S0, y - 1, S1, y + 1.6, "#7d573f", 1)


def clock_case(L):
    """The clock without what moves in it."""
    cx, cy = CLOCK
    L.shade(lambda m: (m.disc(cx + 4, cy + 7, 38, 38, (0, 0, 0, 255)), m.rect(cx - 12, cy + 30, cx + 20, cy + 108, (0, 0, 0, 255), 8)), 7, alpha=.5)
    L.rect(cx - 17, cy + 20, cx + 17, cy + 102, "#6b4736", 9)
    L.rect(cx - 12, cy + 28, cx + 12, cy + 97, "#2a1b1b", 6)
    L.disc(cx, cy, 38, 38, "#7a5340")
    L.disc(cx, cy - .8, 37, 37, "#8a6049")
    L.disc(cx, cy, 32.5, 32.5, "#4a3129")
    L.disc(cx, cy + .6, 31, 31, "#b39c80")
    for k in range(12):
        a = TAU * k / 12
        r0 = 23 if k % 3 == 0 else 26
        L.line([(cx + math.sin(a) * r, cy + .6 - math.cos(a) * r) for r in (r0, 28)], 2.2 if k % 3 == 0 else 1.3, "#4a332b")


def table(L):
    """The table top with its grain, and its front edge."""
    top = gradient(W * SS, (H - TABLE) * SS, [(0, "#8c5b3f"), (.10, "#96623f"), (.55, "#a87046"), (.72, "#b3794b"), (1, "#b3794b")])
    L.im.alpha_composite(Image.fromarray(top.astype(np.uint8)).convert("RGBA"), (0, TABLE * SS))
    L.d = ImageDraw.Draw(L.im)
    rng = np.random.default_rng(7)
    for _ in range(46):  # grain
        y = TABLE + 8 + 96 * rng.uniform(0, 1) ** .8
        x, n = rng.uniform(-60, W), rng.uniform(60, 260)
        c = "#a26c44" if rng.uniform() < .5 else "#8f5d3d"
        L.line([(x + n * s, y + 1.2 * math.sin(3 * s + x)) for s in np.linspace(0, 1, 12)], .8 + rng.uniform(0, .6), c)
    L.rect(0, TABLE, W, TABLE + 2, "#a9734c")
    L.rect(0, 512, W, 515, "#d29a63")
    L.rect(0, 515, W, H, "#6a4030")
    L.rect(0, 515, W, 519, "#7d4e38")


def shadow(L, x, y, rx, ry=None, k=.55, foot=None):
    """A dark soft ring on the table, darkest under the foot."""
    ry = ry or rx * .26
    L.shade(lambda m: m.disc(x + rx * .10, y + ry * .25, rx * 1.15, ry * 1.15, (0, 0, 0, 255)), 7, (40, 14, 8), k)
    q = foot / rx if foot else .98
    L.shade(lambda m: m.disc(x, y + 1, rx * q, ry * q, (0, 0, 0, 255)), 2.5, (30, 10, 6), min(1, k * (1.6 if foot else 1)))


def crockery(L):
    """Bowls, a jar of brushes and a plate."""
    x, y = 214, 458
    shadow(L, x, y - 3, 42, foot=21)
    for i, (c, b) in enumerate((("#73867a", "#55685f"), ("#d8c7ae", "#b4513b"), ("#39506b", "#2b3e56"))):
        p = Pot(38, BOWL, simple(c, b, 190, seed=30 + i), "#8b7360", gloss=.9)
        p.paste(L, x, y - i * 14, 0, .84)
    x, y = 716, 452
    shadow(L, x, y, 36)
    for k, (a, n, c, tip) in enumerate(((-.28, 98, "#c99a62", "#3a2a26"), (-.10, 116, "#a8503c", "#5a3b2c"), (.08, 104, "#d0b083", "#2f2522"), (.27, 92, "#6f8f8a", "#4a342a"))):
        bx, by = x + (k - 1.5) * 11, y - 66
        ex, ey = bx + math.sin(a) * n * .62, by - math.cos(a) * n * .62
        L.line([(bx, by + 14), (ex, ey)], 3.6, c)
        fx, fy = ex + math.sin(a) * 8, ey - math.cos(a) * 8
        L.line([(ex, ey), (fx, fy)], 5.2, "#b9b2a6")
        L.poly(leaf(fx - math.sin(a) * 2, fy + math.cos(a) * 2, 21, 5, a - math.pi / 2), tip)
    Pot(78, PLAIN, simple("#c9b18f", "#3f6a68", 250, seed=41, stripes=((420, 430, "#a8503c"), (446, 452, "#a8503c"))), "#4b392e", gloss=.9).paste(L, x, y, 0, .9)
    x, y = 838, 476
    shadow(L, x, y - 3, 34, foot=17)
    Pot(30, BOWL, simple("#b4513b", "#d8c7ae", 150, seed=43), "#c3a98a", gloss=1).paste(L, x, y, 0, .95)


def tools(L):
    """A sponge and a trimming tool."""
    shadow(L, 352, 480, 27, 9, .45)
    L.rect(329, 464, 375, 486, "#b98a3e", 9)
    L.rect(329, 462, 375, 480, "#dcb45c", 9)
    for sx, sy, r in ((340, 468, 2), (351, 473, 1.5), (362, 467, 2.2), (368, 474, 1.3), (345, 475, 1.2), (355, 466, 1.3)):
        L.disc(sx, sy, r, r * .7, "#bd9443")
    L.shade(lambda m: m.line([(602, 493), (664, 484)], 5, (0, 0, 0, 255)), 2.5, (30, 10, 6), .5)
    L.line([(620, 488), (662, 481.5)], 5, "#7c4631")
    L.line([(621, 487), (661, 481)], 1.6, "#9b6143")
    L.line([(600, 491.5), (619, 488)], 2.2, "#c9c4bb")
    L.line([(600, 491.5), (592, 487), (590, 493), (600, 491.5)], 1.6, "#d9d4ca")


def wheel(L):
    """The banding wheel the cup turns on."""
    x, y = CUP_AT
    shadow(L, x, y + 12, 112, 26, .62)
    L.disc(x, y + 13, 62, 14, "#2c2426")
    L.disc(x, y + 7, 98, 23, "#4a3f40")
    L.disc(x, y + 2, 98, 23, "#75686a")
    L.disc(x, y + 1, 95.5, 21.8, "#625657")
    for r in (78, 60):
        L.disc(x, y + 1, r + 1, (r + 1) * .228, "#73676a")
        L.disc(x, y + 1, r, r * .228, "#625657")
    L.shade(lambda m: m.disc(x + 6, y + 3, 66, 15, (0, 0, 0, 255)), 5, (20, 10, 10), .55)
