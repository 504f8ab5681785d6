"""Write the small conference as CSV files, byte for byte the same each time.

python data/generators/conference.py            into data/conference-2011
python data/generators/conference.py FOLDER     somewhere else
"""

import sys
from pathlib import Path

from helpers.conference import generator, tables

if __name__ == "__main__":
    tables.write(generator.conference("small"), Path(sys.argv[1]) if len(sys.argv) > 1 else tables.FOLDER)
