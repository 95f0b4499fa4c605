"""What Keras's tests take from the conftest.py of its repository, which its wheel does not have.

SPDX-License-Identifier: MIT
"""

import keras
import pytest


def skip_if_backend(name, reason):
    return pytest.mark.skipif(keras.backend.backend() == name, reason=reason)
