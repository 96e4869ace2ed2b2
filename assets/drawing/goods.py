"""The goods: product pictures of three pieces before a plain backdrop."""

import numpy as np
from PIL import Image

from .paint import Layer, arr, mix, smooth
from .pottery import BOWL, VASE, Pot, bowl_glaze, cup, vase_glaze


def make_goods(root):
    d = root / "ui/public/goods"
    d.mkdir(parents=True, exist_ok=True)
    key = (.45, .70, .62)
    pieces = {
        "cup": (cup(128, 4, key=key), 1.12, 112, 208, ("#efe3d3", "#d9bfa4")),
        "bowl": (Pot(82, BOWL, bowl_glaze(), "#e6d3b8", 4, lip=.05, key=key), .2, 128, 196, ("#e3e6df", "#b9c2b6")),
        "vase": (Pot(178, VASE, vase_glaze(), "#2c3d52", 4, lip=.16, key=key), .35, 128, 220, ("#f0dfd2", "#dba98f")),
    }
    for name, (pot, turn, x, y, (c0, c1)) in pieces.items():
        L = Layer(0, 0, 256, 256, 4)
        n = 256 * 4
        ys, xs = np.mgrid[0:n, 0:n] / n
        k = smooth(.1, .95, np.hypot(xs - .42, ys - .30))[..., None]
        bg = mix(arr(c0), arr(c1), k)
        bg *= (1 - .06 * smooth(.60, .68, ys))[..., None]  # where the backdrop bends into the floor
        L.im = Image.fromarray(bg.astype(np.uint8)).convert("RGBA")
        r = pot.rs[0]
        L.shade(lambda m: m.disc(x - 14, y + 4, r * 1.7, r * .42, (0, 0, 0, 255)), 11, (70, 36, 20), .42)
        L.shade(lambda m: m.disc(x - 2, y + 2, r * 1.05, r * .27, (0, 0, 0, 255)), 3, (50, 24, 14), .55)
        t = pot.render(turn)
        t[..., :3] = np.clip(t[..., :3] * 1.06, 0, 255)
        L.put(t, x - pot.cx, y - pot.cy)
        im = L.im.convert("RGB").resize((256, 256), Image.LANCZOS)
        im.save(d / f"{name}.webp", quality=88, method=6)
        print(f"ui/public/goods/{name}.webp", (d / f"{name}.webp").stat().st_size)
