#!/usr/bin/env python3
"""Makes random PAM stacks of pam_debug.so and prints, as JSON Lines, what the
machine's libpam answers to each. It replaces /etc/pam.d, so it refuses to run but
as root in a mount namespace in which that folder is a scratch file system:

    unshare -m --propagation private sh -c \\
        'mount -t tmpfs none /etc/pam.d && python3 libpam.py 250' > libpam.jsonl
"""
import ctypes
import json
import os
import random
import sys

DIR = "/etc/pam.d"
if f" {DIR} tmpfs " not in open("/proc/mounts").read():
    sys.exit(f"{DIR} is not a scratch file system; see the top of this file")

RETURNS = """success open_err symbol_err service_err system_err buf_err perm_denied auth_err
cred_insufficient authinfo_unavail user_unknown maxtries new_authtok_reqd acct_expired session_err
cred_unavail cred_expired cred_err no_module_data conv_err authtok_err authtok_recover_err
authtok_lock_busy authtok_disable_aging try_again ignore abort authtok_expired module_unknown
bad_item conv_again incomplete""".split()
ANSWERS = ["success"] * 3 + ["auth_err", "perm_denied", "ignore", "user_unknown", "new_authtok_reqd"]
ACTIONS = ["ignore", "ok", "done", "bad", "die", "reset", "1", "2", "3"]
# "auth include" without a name is left out: libpam 1.5.2 crashes on it.
BROKEN = ["auth", "bogus required pam_debug.so", "auth required", "auth optional", "auth include missing",
          "auth substack missing", "-auth optional", "bogus optional pam_debug.so", "bogus sufficient"]
libpam = ctypes.CDLL("libpam.so.0")
rnd = random.Random(7)


class Conversation(ctypes.Structure):
    _fields_ = [("conv", ctypes.c_void_p), ("data", ctypes.c_void_p)]


def authenticate():
    handle, conv = ctypes.c_void_p(), Conversation(None, None)
    if libpam.pam_start(b"svc", b"nobody", ctypes.byref(conv), ctypes.byref(handle)) != 0:
        return "start"
    status = libpam.pam_authenticate(handle, 0)
    libpam.pam_end(handle, status)
    return RETURNS[status]


def control():
    if rnd.random() < 0.5:
        return rnd.choice(["required", "requisite", "sufficient", "optional", "Required"])
    answers = rnd.sample(["success", "auth_err", "ignore", "user_unknown", "default", "default", "new_authtok_reqd",
                          "perm_denied"], rnd.randint(1, 4))
    pairs = [a + rnd.choice(["=", "=", " = "]) + rnd.choice(ACTIONS) for a in answers]
    if rnd.random() < 0.05:
        pairs.append(rnd.choice(["bogus=ok", "success", "success=", "success=0", "=ok", "success=fine"]))
    return "[" + " ".join(pairs) + "]"


def line(files, depth):
    x = rnd.random()
    if x < 0.03:
        return rnd.choice(BROKEN)
    if x < 0.1:
        return "account required pam_deny.so"
    if x < 0.13:
        return "auth required \\\n  pam_debug.so auth=%s # comment \\" % rnd.choice(ANSWERS)
    if x < 0.3 and depth < 3:
        name = "f%d" % len(files)
        files[name] = None
        files[name] = content(files, depth + 1)
        return "auth %s %s" % (rnd.choice(["include", "substack", "substack", "SUBSTACK"]), name)
    return "%sauth %s pam_debug.so auth=%s" % (rnd.choice(["", "", "-"]), control(), rnd.choice(ANSWERS))


def content(files, depth):
    return "".join(line(files, depth) + "\n" for _ in range(rnd.randint(1, 5 if depth else 7)))


for _ in range(int(sys.argv[1])):
    files = {"svc": None}
    files["svc"] = content(files, 0)
    if rnd.random() < 0.1:
        files["other"] = "auth required pam_debug.so auth=%s\n" % rnd.choice(ANSWERS)
    for old in os.listdir(DIR):
        os.unlink(os.path.join(DIR, old))
    for name, text in files.items():
        with open(os.path.join(DIR, name), "w") as f:
            f.write(text)
    sys.stdout.flush()
    read, write = os.pipe()
    pid = os.fork()  # libpam may crash
    if pid == 0:
        os.write(write, authenticate().encode())
        os._exit(0)
    os.close(write)
    status = os.read(read, 100).decode() or "crash"
    os.close(read)
    os.waitpid(pid, 0)
    print(json.dumps({"files": files, "status": status}))
