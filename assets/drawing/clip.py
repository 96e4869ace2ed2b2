"""The clip: the scene's frames and the music, encoded as WebM."""

import subprocess
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from .scene import Scene
from .sound import write_wav
from .stage import FPS, H, LOOP, W


def make_still(t, path):
    """One frame of the clip, to look at."""
    Image.fromarray(np.clip(Scene().at(t) + .5, 0, 255).astype(np.uint8)).save(path)


def make_clip(root):
    """Draw every frame, then encode picture and music in two passes."""
    out = root / "ui/public/demo/stage.webm"
    out.parent.mkdir(parents=True, exist_ok=True)
    scene = Scene()
    # a fixed grain hides the steps of dark gradients and costs nothing between frames
    grain = np.random.default_rng(1).uniform(-.9, .9, (H, W, 1)).astype(np.float32)
    with tempfile.TemporaryDirectory() as tmp:
        tmp = Path(tmp)
        write_wav(tmp / "a.wav")
        raw = tmp / "v.rgb"
        with open(raw, "wb") as f:
            for i in range(int(FPS * LOOP)):
                f.write(np.clip(scene.at(i / FPS) + grain + .5, 0, 255).astype(np.uint8).tobytes())
        src = ["ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{W}x{H}", "-r", str(FPS), "-i", str(raw)]
        enc = ["-sws_flags", "lanczos+accurate_rnd+full_chroma_int", "-pix_fmt", "yuv420p", "-c:v", "libvpx", "-b:v", "640k", "-minrate", "0",
               "-maxrate", "2000k", "-bufsize", "4000k", "-qmin", "2", "-qmax", "40", "-g", "150", "-auto-alt-ref", "1", "-lag-in-frames", "25",
               "-arnr-maxframes", "0", "-deadline", "good", "-cpu-used", "1", "-threads", "2", "-passlogfile", str(tmp / "log")]
        subprocess.run(src + ["-an"] + enc + ["-pass", "1", "-f", "null", "-"], check=True)
        subprocess.run(src + ["-i", str(tmp / "a.wav")] + enc + ["-pass", "2", "-c:a", "libvorbis", "-q:a", "2", "-map_metadata", "-1",
                       "-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact", "-cues_to_front", "1", str(out)], check=True)
    print(out.relative_to(root), out.stat().st_size)
