#!/usr/bin/env python3
"""ResNet-20 for CIFAR-10 in ONNX Runtime and OpenVINO, from the bytes of images to the classes, as a worker of bench_peers.py.

The network is that of resnet20_torch.py, exported to ONNX with its batch norms folded; int8 is static: per channel weights,
ranges from 256 training images, or test images where there are none.
"""
import argparse
import pathlib
import tempfile
import warnings

import numpy
import onnxruntime
import torch

from resnet20_torch import BATCHES, Classifier
from sampling import seconds_of, serve

KINDS = ("ort-float32", "ort-int8", "openvino-float32", "openvino-bfloat16", "openvino-int8")


class Inputs:
    """The normalized images, and those that ranges are found on."""

    def __init__(self, classifier, folder):
        self.mean = classifier.mean.numpy()
        self.deviation = classifier.deviation.numpy()
        self.bytes = classifier.images.numpy()
        training = pathlib.Path(folder) / "data_batch_1.bin"
        if training.exists():
            records = numpy.fromfile(training, numpy.uint8).reshape(-1, 3073)[:256]
            self.calibration = records[:, 1:].reshape(-1, 3, 32, 32)
        else:
            self.calibration = self.bytes[:256]

    def normalized(self, pixels):
        return (pixels.astype(numpy.float32) / 255 - self.mean) / self.deviation


def quantized(path, inputs):
    """The same network with int8 weights and activations, as ONNX."""
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class Reader(CalibrationDataReader):
        def __init__(self):
            self.batches = iter(numpy.split(inputs.normalized(inputs.calibration), 8))

        def get_next(self):
            batch = next(self.batches, None)
            return None if batch is None else {"images": batch}

    target = str(pathlib.Path(path).with_name("int8.onnx"))
    quantize_static(
        path, target, Reader(), quant_format=QuantFormat.QDQ, per_channel=True, weight_type=QuantType.QInt8,
        activation_type=QuantType.QUInt8,
    )
    return target


def ort_engine(path, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return lambda images: session.run(None, {"images": images})[0], f"ONNX Runtime {onnxruntime.__version__}"


def openvino_engine(path, threads, precision):
    import openvino

    properties = {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "LATENCY"}
    network = openvino.Core().compile_model(path, "CPU", properties)
    return lambda images: network(images)[0], f"OpenVINO {openvino.__version__.split('-')[0]}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--model", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--limit", type=int, default=10_000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=0.05)
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    torch.set_num_threads(options.threads)
    classifier = Classifier(options)
    inputs = Inputs(classifier, options.data)
    labels = classifier.labels.numpy()
    with tempfile.TemporaryDirectory() as folder, torch.inference_mode():
        path = f"{folder}/float32.onnx"
        torch.onnx.export(
            classifier.network, torch.zeros(1, 3, 32, 32), path, input_names=["images"], output_names=["logits"],
            dynamic_axes={"images": {0: "batch"}, "logits": {0: "batch"}}, dynamo=False,
        )
        engine, _, precision = options.kind.partition("-")
        if precision == "int8":
            path = quantized(path, inputs)
        if engine == "ort":
            run, name = ort_engine(path, options.threads)
        else:
            run, name = openvino_engine(path, options.threads, "bf16" if precision == "bfloat16" else "f32")

        def right_count(batch):
            right = 0
            for first in range(0, len(labels), batch):
                logits = run(inputs.normalized(inputs.bytes[first : first + batch]))
                right += int((logits.argmax(1) == labels[first : first + batch]).sum())
            return right

        trials = []
        for batch in (8, *BATCHES):
            right_count(batch)
            trials.append((seconds_of(lambda: right_count(batch), 1), batch))
        batch = min(trials)[1]
        description = {
            "name": name, "kernel": f"{precision}, batch {batch}", "workCount": len(labels), "unit": "images",
            "facts": {"top1Count": right_count(batch)},
        }
        serve(lambda: right_count(batch), description, options.seconds)


main()
