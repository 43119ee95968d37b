"""What every screen of the staff's workplace stands on: rights, policy, look, lock. See `lmis.screens.views.Screen`."""

from lmis.screens.toasts import toast

__all__ = ["toast"]
