"""What every server that a sample or a test runs has: a temporary folder, and an end in order."""

import os
import pathlib
import pwd
import shutil
import tempfile


class ServerInFolder:
    """A context manager: makes `folder`, calls `_set_up`, and at the end stops the server and removes the folder.

    `_set_up` writes the server's files and sets `_server`, a foreign.Server. With `ENDS_BY_0` the program must exit 0 when it
    is stopped at the end of the block.
    """

    NAME = "server"  # the program
    ENDS_BY_0 = False
    _server = None

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"{self.NAME}-"))
        try:
            self._set_up()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(self, kind, *_):
        try:
            if self._server is not None:
                log = self._server.tail()
                status = self.stop()
                if self.ENDS_BY_0 and status != 0 and kind is None:
                    raise AssertionError(f"{self.NAME} exited {status}\n{log}")
        finally:
            self._remove()

    def stop(self, timeout=35):
        """Ends the server with SIGTERM and returns its exit status."""
        server, self._server = self._server, None
        return server.stop(timeout)

    @property
    def process(self):
        """The serving process, for signals."""
        return self._server.process

    def _hand_over(self):
        """As root, gives the folder and its files to nobody, for a server that does not run as root. Returns who that is, or
        None for an ordinary user."""
        if os.getuid() != 0:
            return None
        account = pwd.getpwnam("nobody")
        for path in (self.folder, *self.folder.iterdir()):
            os.chown(path, account.pw_uid, account.pw_gid)
        return account.pw_uid, account.pw_gid

    def _set_up(self):
        raise NotImplementedError

    def _remove(self):
        if self._server is not None:
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
