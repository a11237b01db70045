"""python-dotenv: a JSON array of documents in, an array of objects out."""

import io
import json
import logging
import os
import sys

from dotenv import dotenv_values

logging.disable(logging.CRITICAL)
os.environ.clear()
documents = json.load(sys.stdin)
# With the line ends of a file that was opened as text.
json.dump([dotenv_values(stream=io.StringIO(text, newline=None)) for text in documents], sys.stdout)
