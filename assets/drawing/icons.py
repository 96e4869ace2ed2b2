"""The icons: the app mark in every size and format the bundles need."""

import math

import numpy as np
from PIL import Image, ImageDraw

from .paint import TAU, arr, mix, smooth


def rounded(ps, r, n=16):
    """The corners of a convex polygon rounded with radius r."""
    out = []
    for i, p in enumerate(ps):
        p = np.array(p, float)
        a, b = np.array(ps[i - 1], float) - p, np.array(ps[(i + 1) % len(ps)], float) - p
        a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
        half = math.acos(np.clip(a @ b, -1, 1)) / 2
        d = (a + b) / np.linalg.norm(a + b)
        c = p + d * r / math.sin(half)
        s, e = p + a * r / math.tan(half) - c, p + b * r / math.tan(half) - c
        t0, t1 = math.atan2(s[1], s[0]), math.atan2(e[1], e[0])
        dt = (t1 - t0 + math.pi) % TAU - math.pi
        out += [tuple(c + r * np.array([math.cos(t0 + dt * k / n), math.sin(t0 + dt * k / n)])) for k in range(n + 1)]
    return out


def icon(size):
    """The mark: a play sign with comments flying off it, drawn for this size."""
    ss = 8 if size <= 256 else 4
    n = size * ss
    k = n / 512
    im = Image.new("RGBA", (n, n), (0, 0, 0, 0))
    mask = Image.new("L", (n, n), 0)
    ImageDraw.Draw(mask).rounded_rectangle([16 * k, 16 * k, 496 * k - 1, 496 * k - 1], 112 * k, fill=255)
    ys = np.linspace(0, 1, n)[:, None, None]
    xs = np.linspace(0, 1, n)[None, :, None]
    face = mix(arr("#1a1d24"), arr("#101216"), smooth(0, .7, ys)) + np.zeros((n, n, 1), np.float32)
    glow = np.exp(-((xs - .60) / .30) ** 2 - ((ys - .52) / .30) ** 2)
    face = face + glow * arr("#ff4d6d") * .11
    im.paste(Image.fromarray(np.clip(face, 0, 255).astype(np.uint8)), (0, 0), mask)
    d = ImageDraw.Draw(im)
    d.polygon([(x * k, y * k) for x, y in rounded([(212, 120), (440, 256), (212, 392)], 30)], fill="#ff4d6d")
    small = size <= 48
    b = 24 if small else 19
    for x0, x1, y, c in ((104, 182, 172, "#ffffff"), (64, 182, 256, "#ff4d6d"), (122, 182, 340, "#ffffff")):
        d.rounded_rectangle([x0 * k, (y - b) * k, x1 * k, (y + b) * k], b * k, fill=c)
    return im.resize((size, size), Image.BOX)


def make_icons(root):
    d = root / "src-tauri/icons"
    d.mkdir(parents=True, exist_ok=True)
    for name, n in (("icon.png", 512), ("32x32.png", 32), ("128x128.png", 128), ("128x128@2x.png", 256)):
        icon(n).save(d / name, optimize=True)
    sizes = (16, 24, 32, 48, 64, 128, 256)
    ims = [icon(n) for n in sizes]
    ims[-1].save(d / "icon.ico", sizes=[(n, n) for n in sizes], append_images=ims[:-1])
    sizes = (1024, 512, 256, 128, 64, 32)
    ims = [icon(n) for n in sizes]
    ims[0].save(d / "icon.icns", append_images=ims[1:])
    for f in sorted(d.iterdir()):
        print(f.relative_to(root), f.stat().st_size)
