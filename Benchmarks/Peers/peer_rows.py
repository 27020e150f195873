"""What `bench_peers.py` measures: Binade's side and the other's, the same work on both."""
import dataclasses
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent

# Channels, pixels, outputs, kernel: ResNet-20's 3x3 convolutions, then three of ResNet-50.
CONVOLUTIONS = [
    (16, 32, 16, 3), (32, 16, 32, 3), (64, 8, 64, 3), (64, 56, 64, 3), (256, 14, 256, 3), (256, 56, 64, 1),
]
BATCH = 64

# Binade's name, and what ml_dtypes, torch and gfloat call the format; None where they have none.
ENCODINGS = [
    ("float8_e4m3fn", "float8_e4m3fn", "float8_e4m3fn", "ocp_e4m3"),
    ("float8_e5m2", "float8_e5m2", "float8_e5m2", "ocp_e5m2"),
    ("float8_e3m4", "float8_e3m4", None, None),
    ("float6_e2m3fn", "float6_e2m3fn", None, "ocp_e2m3"),
    ("float6_e3m2fn", "float6_e3m2fn", None, "ocp_e3m2"),
    ("float4_e2m1fn", "float4_e2m1fn", None, "ocp_e2m1"),
    ("bfloat16", "bfloat16", "bfloat16", "bfloat16"),
]
# Formats that no peer has, against the peer's conversion to an 8-bit float.
ENCODINGS_ALONE = ["posit8", "lns4.3", "nf4"]


@dataclasses.dataclass
class Row:
    """One comparison; of several commands of the peer the fastest counts."""

    what: str
    binade: list
    peer: str
    commands: list
    note: str = ""
    is_target: bool = True
    # Whether the peer can use more than one thread.
    is_parallel: bool = True


# The peer of rows that no other library has.
OWN_FLOAT32 = "Binade's float32"


def python(script, *arguments):
    return [sys.executable, str(HERE / script), *map(str, arguments)]


def product_rows(openblas):
    for size in (1024, 256):
        sizes = (size, size, size)
        square = ["gemm", "--size", str(size)]
        yield Row(f"float32 product {size}³", square, "OpenBLAS", [[openblas, *map(str, sizes)]])
        int8 = square + ["--format", "int8"]
        yield Row(
            f"int8 product {size}³", int8, "FBGEMM in PyTorch", [python("torch_worker.py", "int8-fbgemm", *sizes)],
            note="weights prepacked, requantized to bytes",
        )
        yield Row(
            f"int8 product {size}³", int8, "oneDNN in PyTorch", [python("torch_worker.py", "int8-onednn", *sizes)],
            note="weights prepacked, requantized to bytes", is_target=False,
        )
        yield Row(
            f"bfloat16 product {size}³", square + ["--format", "bfloat16"], "PyTorch",
            [python("torch_worker.py", "bfloat16", *sizes)], is_target=False,
        )


def accumulator_rows(binade):
    """No package that installs here has these for CPUs: beside Binade's float32, both operands packed in the run."""
    sizes = ["gemm", "--size", "512"]
    accumulators = [("float8_e4m3fn", "bfloat16"), ("float8_e4m3fn", "exact"), ("float8_e5m2", "exact")]
    for name, accumulator in accumulators:
        sums = "exact sums" if accumulator == "exact" else f"{accumulator} after every product"
        yield Row(
            f"{name} product 512³, {sums}", [*sizes, "--format", name, "--accumulator", accumulator],
            OWN_FLOAT32, [[binade, "bench", *sizes, "--worker"]], is_target=False,
        )


def convolution_rows():
    for channels, pixels, outputs, kernel in CONVOLUTIONS:
        sizes = (BATCH, channels, pixels, pixels, outputs, kernel)
        yield Row(
            f"float32 convolution {kernel}x{kernel}, {channels} to {outputs} channels, {pixels}x{pixels}",
            ["conv", "--shape", f"{channels}x{pixels}x{pixels}x{outputs}x{kernel}", "--batch", str(BATCH)],
            "PyTorch",
            [python("torch_worker.py", kind, *sizes) for kind in ("conv-nchw", "conv-channels-last")],
            note="the faster of two layouts",
        )


def conversion_rows():
    def row(name, operation, library, peer_format, **options):
        binade = ["codec", "--operation", operation, "--format", name]
        return Row(
            f"{operation} {name}", binade, f"{library} {peer_format}",
            [python("cast_worker.py", library, peer_format)], is_parallel=library in ("torch", "qtorch"), **options,
        )

    for name, ml_dtypes, torch, gfloat in ENCODINGS:
        yield row(name, "encode", "ml_dtypes", ml_dtypes)
        if torch:
            yield row(name, "encode", "torch", torch, is_target=False)
        if gfloat:
            yield row(name, "roundTrip", "gfloat", gfloat, note="allocates its result", is_target=False)
    for name in ENCODINGS_ALONE:
        yield row(name, "encode", "ml_dtypes", "float8_e4m3fn", note="ml_dtypes has no such format")
    yield row("float8_e4m3", "roundTrip", "qtorch", "4,3", note="allocates its result", is_target=False)


def network_rows(images):
    data = pathlib.Path(os.environ.get("BINADE_DATA", ROOT.parent / "shared" / "data"))
    model = data / "models" / "resnet20-cifar10jpeg.safetensors"
    cifar10 = os.environ.get("BINADE_CIFAR10", "BINADE_CIFAR10 (not set)")
    options = ["--model", str(model), "--data", cifar10, "--limit", str(images)]
    # Without scales there is nothing to calibrate.
    binade = ["network", *options, "--calibration-images", "0"]
    yield Row(
        f"ResNet-20 on CIFAR-10, {images} images", binade, "PyTorch eager", [python("resnet20_torch.py", *options)],
        note="from bytes to classes; PyTorch with its best batch and layout",
    )
    engines = [
        ("float32", [], [("ONNX Runtime", "ort-float32"), ("OpenVINO", "openvino-float32")]),
        ("bfloat16", ["bfloat16"] * 2, [("OpenVINO", "openvino-bfloat16")]),
        ("int8", ["int8"] * 2, [("ONNX Runtime", "ort-int8"), ("OpenVINO", "openvino-int8")]),
    ]
    for precision, formats, peers in engines:
        chosen = [part for pair in zip(("--weights", "--activations"), formats) for part in pair]
        calibration = ["--calibration-images", "0" if precision == "float32" else "256"]
        for peer, kind in peers:
            yield Row(
                f"ResNet-20 in {precision}, {images} images", ["network", *options, *calibration, *chosen], peer,
                [python("resnet20_engines.py", kind, *options)],
                note="from bytes to classes; the other with its best batch" + ("; static ranges" if precision == "int8" else ""),
            )


def training_rows():
    step = ["training", "--model", "resnet20-cifar", "--batch", "128"]
    peers = [
        ("PyTorch eager", "eager", True), ("PyTorch eager, channels last", "channels-last", True),
        ("torch.compile", "compile", True),
    ]
    for peer, kind, is_target in peers:
        yield Row(
            "float32 training step of ResNet-20, batch 128", step, peer, [python("training_torch.py", kind)],
            is_target=is_target, note="forward, loss, backward, SGD",
        )
    for peer, kind in (("PyTorch autocast", "bfloat16"), ("PyTorch autocast, channels last", "bfloat16-channels-last")):
        yield Row(
            "bfloat16 training step of ResNet-20, batch 128", [*step, "--precision", "bfloat16"], peer,
            [python("training_torch.py", kind)], note="forward, loss, backward, SGD; float32 weights",
        )


def all_rows(binade, openblas, images):
    yield from product_rows(openblas)
    yield from accumulator_rows(binade)
    yield from convolution_rows()
    yield from conversion_rows()
    yield from network_rows(images)
    yield from training_rows()


def baseline_rows(binade, openblas, images, baseline):
    """Every row of Binade's once, with another build of Binade as the peer."""
    seen = set()
    for row in all_rows(binade, openblas, images):
        name = " ".join(row.binade)
        if name in seen:
            continue
        seen.add(name)
        yield Row(row.what, row.binade, "another build", [[baseline, "bench", *row.binade, "--worker"]])
