"""The 2015 Inception network of FID, built for inference: batch norms folded into convolutions, bias and ReLU fused.

The layers are those of the TensorFlow graph as torch-fidelity and pytorch-fid convert it: average pools leave out the padding, and the last
block has a maximum pool. Where a block averages and then mixes channels (1x1), the two operations commute. Channels are therefore mixed
first, in one product with the block's other 1x1 convolutions. Tensors are stored with channels last.
"""

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, max_pool2d

from landscape.components.extractors._folded_convolution import FoldedConvolution, folded

BATCH_NORM_EPSILON = 1e-3
CLASSES = 1008
FEATURES = 2048

_VALID = {"Conv2d_1a_3x3": 2, "Conv2d_2a_3x3": 1, "Conv2d_3b_1x1": 1, "Conv2d_4a_3x3": 1}
_VALID |= {"Mixed_6a.branch3x3": 2, "Mixed_6a.branch3x3dbl_3": 2, "Mixed_7a.branch3x3_2": 2, "Mixed_7a.branch7x7x3_4": 2}
"""The convolutions without padding, with their strides. All other convolutions keep the size."""

_A, _C, _E = ("Mixed_5b", "Mixed_5c", "Mixed_5d"), ("Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e"), ("Mixed_7b", "Mixed_7c")
_HEADS = (
    dict.fromkeys(_A, ("branch1x1", "branch5x5_1", "branch3x3dbl_1", "branch_pool"))
    | dict.fromkeys(_C, ("branch1x1", "branch7x7_1", "branch7x7dbl_1", "branch_pool"))
    | {"Mixed_7a": ("branch3x3_1", "branch7x7x3_1")}
    | {"Mixed_7b": ("branch1x1", "branch3x3_1", "branch3x3dbl_1", "branch_pool")}
    # The last block's pool takes maxima, which do not commute with a convolution.
    | {"Mixed_7c": ("branch1x1", "branch3x3_1", "branch3x3dbl_1")}
)
"""The 1x1 convolutions that read a block's input. They are computed as one convolution."""


class InceptionNetwork(nn.Module):
    """Maps images (N, 3, 299, 299) in [-1, 1] to pool features [N, 2048] and logits [N, 1008] without the output bias.

    Args:
        state: The tensors of the weights file, by its names.
        dtype: The type of weights and activations. Folding is done in float64.
    """

    output: Tensor

    def __init__(self, state: Mapping[str, Tensor], dtype: torch.dtype) -> None:
        super().__init__()
        self.convolutions = nn.ModuleDict()
        merged = {f"{block}.{name}" for block, names in _HEADS.items() for name in names}
        for name in convolution_names(state):
            if name not in merged:
                stride = _VALID.get(name, 1)
                weight, bias = _folded(state, name)
                padding = (0, 0) if name in _VALID else (weight.shape[2] // 2, weight.shape[3] // 2)
                self.convolutions[_key(name)] = FoldedConvolution(weight.to(dtype), bias.to(dtype), stride, padding)
        self.widths: dict[str, list[int]] = {}
        for block, names in _HEADS.items():
            self._merge(state, block, names, dtype)
        self.register_buffer("output", state["fc.weight"].to(torch.float32))

    def _merge(self, state: Mapping[str, Tensor], block: str, names: tuple[str, ...], dtype: torch.dtype) -> None:
        parts = [_folded(state, f"{block}.{name}") for name in names]
        self.widths[block] = [len(bias) for _, bias in parts]
        weight, bias = (torch.cat([part[i] for part in parts]).to(dtype) for i in range(2))
        # The pooled branch is averaged before its ReLU, so `_heads` applies the ReLU to all branches afterwards.
        self.convolutions[_key(f"{block}.heads")] = FoldedConvolution(
            weight, bias, 1, (0, 0), activation="none" if "branch_pool" in names else "relu"
        )

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        x = images
        for name in ("Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3"):
            x = self._convolve(name, x)
        x = max_pool2d(x, 3, 2)  # [N, 64, 73, 73]
        for name in ("Conv2d_3b_1x1", "Conv2d_4a_3x3"):
            x = self._convolve(name, x)
        x = max_pool2d(x, 3, 2)  # [N, 192, 35, 35]
        for block in _A:
            x = self._block_a(block, x)
        x = self._block_b("Mixed_6a", x)  # [N, 768, 17, 17]
        for block in _C:
            x = self._block_c(block, x)
        x = self._block_d("Mixed_7a", x)  # [N, 1280, 8, 8]
        for block in _E:
            x = self._block_e(block, x)
        features = x.float().mean((2, 3))  # [N, 2048]
        return features, features @ self.output.T

    def _convolve(self, name: str, x: Tensor) -> Tensor:
        made: Tensor = self.convolutions[_key(name)](x)
        return made

    def _chain(self, block: str, names: str, x: Tensor) -> Tensor:
        for name in names.split():
            x = self._convolve(f"{block}.{name}", x)
        return x

    def _heads(self, block: str, x: Tensor) -> list[Tensor]:
        """Return the outputs of the block's 1x1 branches; the one of the pooled branch is averaged."""
        parts = list(torch.split(self._convolve(f"{block}.heads", x), self.widths[block], 1))
        if "branch_pool" in _HEADS[block]:
            parts[-1] = avg_pool2d(parts[-1], 3, 1, 1, count_include_pad=False)
            parts = [torch.relu(part) for part in parts]
        return parts

    def _block_a(self, block: str, x: Tensor) -> Tensor:
        one, five, three, pooled = self._heads(block, x)
        five = self._chain(block, "branch5x5_2", five)
        three = self._chain(block, "branch3x3dbl_2 branch3x3dbl_3", three)
        return torch.cat([one, five, three, pooled], 1)

    def _block_b(self, block: str, x: Tensor) -> Tensor:
        three = self._chain(block, "branch3x3", x)
        double = self._chain(block, "branch3x3dbl_1 branch3x3dbl_2 branch3x3dbl_3", x)
        return torch.cat([three, double, max_pool2d(x, 3, 2)], 1)

    def _block_c(self, block: str, x: Tensor) -> Tensor:
        one, seven, double, pooled = self._heads(block, x)
        seven = self._chain(block, "branch7x7_2 branch7x7_3", seven)
        double = self._chain(block, "branch7x7dbl_2 branch7x7dbl_3 branch7x7dbl_4 branch7x7dbl_5", double)
        return torch.cat([one, seven, double, pooled], 1)

    def _block_d(self, block: str, x: Tensor) -> Tensor:
        three, seven = self._heads(block, x)
        three = self._chain(block, "branch3x3_2", three)
        seven = self._chain(block, "branch7x7x3_2 branch7x7x3_3 branch7x7x3_4", seven)
        return torch.cat([three, seven, max_pool2d(x, 3, 2)], 1)

    def _block_e(self, block: str, x: Tensor) -> Tensor:
        one, three, double, *rest = self._heads(block, x)
        pooled = rest[0] if rest else self._chain(block, "branch_pool", max_pool2d(x, 3, 1, 1))
        double = self._chain(block, "branch3x3dbl_2", double)
        fork = [self._chain(block, f"branch3x3_2{side}", three) for side in "ab"]
        fork += [self._chain(block, f"branch3x3dbl_3{side}", double) for side in "ab"]
        return torch.cat([one, *fork, pooled], 1)


def convolution_names(state: Mapping[str, Tensor]) -> Iterator[str]:
    """Yield the names of all convolutions in the weights file."""
    for name in state:
        if name.endswith(".conv.weight"):
            yield name.removesuffix(".conv.weight")


def _key(name: str) -> str:
    return name.replace(".", "_")


def _folded(state: Mapping[str, Tensor], name: str) -> tuple[Tensor, Tensor]:
    """Return weight and bias (float64) of the convolution called `name`, with its batch norm folded in."""
    return folded(state, f"{name}.conv", f"{name}.bn", BATCH_NORM_EPSILON)
