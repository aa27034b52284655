"""Golden values for packages/speech/src/sound and /features: WAV files as libsndfile writes and reads them, spectra as librosa and transformers have them.

    python tooling/golden/speech-sound.py

needs numpy, soundfile, librosa, transformers and safetensors (made with librosa 0.11, soundfile 0.14, transformers 5.23). The sound is a glide with
overtones that swells and fades over noise 60 dB below it, so that all bands hold something and the quiet ones are far below the loudest.
"""

import base64
import io
import json
from pathlib import Path

import librosa
import numpy as np
import soundfile
from safetensors.numpy import save_file
from transformers import WhisperFeatureExtractor

SOURCES = Path(__file__).parents[2] / "packages/speech/src"
CODINGS = {
    "int8": ("WAV", "PCM_U8"),
    "int16": ("WAV", "PCM_16"),
    "int24": ("WAV", "PCM_24"),
    "int32": ("WAV", "PCM_32"),
    "float32": ("WAV", "FLOAT"),
    "float64": ("WAV", "DOUBLE"),
    "a-law": ("WAV", "ALAW"),
    "mu-law": ("WAV", "ULAW"),
    "extensible": ("WAVEX", "PCM_24"),
}


def wav_files():
    # an odd number of samples: files of one byte a sample end with padding
    sound = np.sin(np.arange(33) ** 1.5 / 7) * np.linspace(0.01, 1, 33)
    stereo = np.stack([sound, -sound / 2], axis=1)
    cases = []
    for name, (container, subtype) in CODINGS.items():
        for samples in (sound, stereo):
            file = io.BytesIO()
            soundfile.write(file, samples, 8000, format=container, subtype=subtype)
            file.seek(0)
            read, rate = soundfile.read(file, dtype="float32", always_2d=True)
            data = base64.b64encode(file.getvalue()).decode()
            cases.append({"coding": name, "rate": rate, "file": data, "channels": [[float(x) for x in channel] for channel in read.T]})
    return cases


def spectra():
    time = np.arange(6400) / 16000
    glide = 2 * np.pi * (150 * time + 300 * time**2)
    voice = sum(np.sin(k * glide) / k for k in range(1, 12))
    sound = voice * np.sin(np.pi * time / time[-1]) * 0.3 + np.random.default_rng(7).normal(0, 3e-4, 6400)
    sound = sound.astype(np.float32)
    whisper = WhisperFeatureExtractor()
    exact = sound.astype(np.float64)
    sizes = {"sr": 16000, "n_fft": 512, "win_length": 400, "hop_length": 160}
    htk = {"htk": True, "norm": None, "n_mels": 40, "fmin": 20, "fmax": 7600}
    return {
        "sound": sound,
        "whisper": whisper(exact, sampling_rate=16000, padding="do_not_pad", return_tensors="np").input_features[0].T,
        "whisper-padded": whisper(exact, sampling_rate=16000, return_tensors="np").input_features[0].T[:60],
        "slaney": np.log(librosa.feature.melspectrogram(y=exact, n_mels=64, **sizes).T + 1e-10),
        "htk": np.log(librosa.feature.melspectrogram(y=exact, center=False, **sizes, **htk).T + 1e-10),
        "mfcc": librosa.feature.mfcc(y=exact, n_mfcc=13, n_mels=40, **sizes).T,
        "slaney-filters": librosa.filters.mel(sr=16000, n_fft=400, n_mels=80).T,
        "htk-filters": librosa.filters.mel(sr=8000, n_fft=256, n_mels=23, fmin=20, htk=True, norm=None).T,
    }


(SOURCES / "sound/wav.golden.json").write_text(json.dumps(wav_files()))
save_file({name: np.ascontiguousarray(tensor, dtype=np.float32) for name, tensor in spectra().items()}, SOURCES / "features/spectra.golden.safetensors")
