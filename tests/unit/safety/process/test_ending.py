import os
import signal
import subprocess
import sys

from surefoot_safety.process.ending import Ending

CHILD = """
import os, signal, sys, time
from surefoot_safety.process.ending import Ending, end_with
end_with(int(sys.argv[1]))
ending = Ending()
print("ready", flush=True)
while not ending.asked or os.getppid() == int(sys.argv[1]):
    time.sleep(0.001)
print(ending.asked, flush=True)
"""
HEEDLESS = """
import sys, time
from surefoot_safety.process.ending import end_with
end_with(int(sys.argv[1]))
print("ready", flush=True)
time.sleep(20)
print("left behind")
"""
PARENT = """
import os, subprocess, sys, threading
held = threading.Event()
for _ in range(20):
    threading.Thread(target=held.wait).start()
subprocess.Popen([sys.executable, "-c", sys.argv[1], str(os.getpid())])
held.wait()
"""


def raised(*numbers):
    ending = Ending()
    try:
        for number in numbers:
            signal.raise_signal(number)
        return ending.asked
    finally:
        ending.restore()


def test_the_second_signal_means_at_once_but_an_end_of_the_parent_is_one_however_often_it_is_said():
    assert raised(signal.SIGTERM) == raised(signal.SIGINT) == raised(signal.SIGHUP) == 1
    assert raised(signal.SIGTERM, signal.SIGTERM) == raised(signal.SIGINT, signal.SIGTERM) == 2
    assert raised(signal.SIGHUP, signal.SIGHUP, signal.SIGHUP) == 1
    assert raised(signal.SIGTERM, signal.SIGHUP) == 1
    assert raised(signal.SIGHUP, signal.SIGTERM) == 2


def ended(words):
    """What a child says that learns of its killed parent's end."""
    parent = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert parent.stdout.readline() == "ready\n"
    os.kill(parent.pid, signal.SIGKILL)
    return parent.communicate()[0]


def test_a_parent_of_many_threads_ends_once():
    assert ended([sys.executable, "-c", PARENT, CHILD]) == "1\n"


def test_a_parent_that_ignores_hangups_tells_its_children_all_the_same():
    ignoring = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n" + PARENT
    assert ended([sys.executable, "-c", ignoring, HEEDLESS]) == ""
