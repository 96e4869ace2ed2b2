"""Runs the tests beside this file and ends with the line that counts them."""

import os
import sys
import unittest
from pathlib import Path

# Everything goes to this machine, whatever proxy a person's own settings name.
os.environ["NO_PROXY"] = "*"


class Result(unittest.TextTestResult):
    """Counts what held, so that a class whose service did not start fails with all its tests."""

    passed = 0

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed += 1


def main():
    tests = unittest.defaultTestLoader.discover(str(Path(__file__).parent))
    count = tests.countTestCases()
    result = unittest.TextTestRunner(sys.stdout, verbosity=2, resultclass=Result).run(tests)
    print(f"{result.passed} passed, {count - result.passed} failed")
    return 0 if count > 0 and result.passed == count else 1


if __name__ == "__main__":
    sys.exit(main())
