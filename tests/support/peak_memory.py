"""The most memory that a process has taken (VmHWM and clear_refs in proc(5)): Linux alone."""

from pathlib import Path

# The word that sets the peak back to what is taken now.
_PEAK = "5"


def forget_peak(pid: int) -> None:
    """Count anew from what the process takes now."""
    Path(f"/proc/{pid}/clear_refs").write_text(_PEAK)


def peak_megabytes(pid: int) -> float:
    """The most that was resident at a time, in MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
