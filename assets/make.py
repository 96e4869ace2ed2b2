#!/usr/bin/env python3
"""Draws Liveroom's demo clip, its goods pictures and its icons.

    pip install pillow numpy        # and ffmpeg (libvpx, libvorbis) on PATH
    python3 assets/make.py          # everything
    python3 assets/make.py clip|goods|icons
    python3 assets/make.py still 3.5 frame.png    # one frame of the clip

Everything is computed: no picture, font or sound is read from a file.
All motion and all sound is periodic in LOOP seconds, so the clip loops.
"""

import sys
from pathlib import Path

from drawing.clip import make_clip, make_still
from drawing.goods import make_goods
from drawing.icons import make_icons

ROOT = Path(__file__).resolve().parent.parent


def main(args):
    what = args[0] if args else "all"
    if what == "still":
        make_still(float(args[1]), args[2])
        return
    if what in ("icons", "all"):
        make_icons(ROOT)
    if what in ("goods", "all"):
        make_goods(ROOT)
    if what in ("clip", "all"):
        make_clip(ROOT)


if __name__ == "__main__":
    main(sys.argv[1:])
