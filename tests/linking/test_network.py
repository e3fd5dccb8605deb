import numpy as np
import pytest

import extractor.linking.network as network_module
from extractor.linking.network import Network


@pytest.mark.parametrize("n_pairs", [0, 1, 3, 4, 9])
def test_pairs_are_weighed_in_parts(n_pairs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_module, "MAX_PAIRS", 3)
    values = np.random.default_rng(0)
    hidden, bias, out = (values.normal(size=shape).astype(np.float32) for shape in ((5, 4), 4, 4))
    features = values.normal(size=(n_pairs, 5)).astype(np.float32)
    expected = [sum(np.tanh(row @ hidden[:, k] + bias[k]) * out[k] for k in range(4)) + 0.5 for row in features]
    assert np.allclose(Network(hidden, bias, out, 0.5)(features), expected, atol=1e-5)
