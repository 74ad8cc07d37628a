"""One measurement of a peer in Python: the counterpart of work.go.

The argument is a task as JSON, the output is a measure.Result as JSON. Each peer is used the way
its documentation shows, with its defaults.
"""

import json
import os
import resource
import sys
import threading
import time

PIECE = 1 << 20


class Sink:
    """A writer that counts, and cannot seek."""

    def __init__(self):
        self.size = 0

    def write(self, data):
        self.size += len(data)
        return len(data)


class Source:
    """A reader that does not tell its length, and cannot seek."""

    def __init__(self, path):
        self.file = open(path, "rb", buffering=0)

    def read(self, n=-1):
        return self.file.read(n)

    def readinto(self, buf):
        return self.file.readinto(buf)


class Boto3:
    def __init__(self, target):
        import boto3
        from botocore.config import Config

        self.bucket = target["Bucket"]
        self.client = boto3.client(
            "s3",
            endpoint_url=target["Endpoint"],
            region_name=target["Region"],
            aws_access_key_id=target["AccessKey"],
            aws_secret_access_key=target["SecretKey"],
            config=Config(s3={"addressing_style": "path"}),
        )

    def get(self, key, sink):
        self.client.download_fileobj(self.bucket, key, sink)

    def getfile(self, key, path):
        self.client.download_file(self.bucket, key, path)

    def put(self, key, source):
        self.client.upload_fileobj(source, self.bucket, key)

    def putfile(self, key, path):
        self.client.upload_file(path, self.bucket, key)

    def read(self, key):
        return self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def write(self, key, data):
        self.client.put_object(Bucket=self.bucket, Key=key, Body=data)

    def stat(self, key):
        return self.client.head_object(Bucket=self.bucket, Key=key)["ContentLength"]

    def delete(self, key):
        self.client.delete_object(Bucket=self.bucket, Key=key)

    def list(self, prefix):
        pages = self.client.get_paginator("list_objects_v2")
        return sum(p["KeyCount"] for p in pages.paginate(Bucket=self.bucket, Prefix=prefix))


class CRT:
    """The S3 client of the AWS Common Runtime, told of a link of 10 Gb/s, with checksums."""

    def __init__(self, target):
        from awscrt import auth, http, io, s3

        self.s3, self.http, self.io = s3, http, io
        self.bucket, self.host = target["Bucket"], target["Endpoint"].removeprefix("http://")
        provider = auth.AwsCredentialsProvider.new_static(
            access_key_id=target["AccessKey"], secret_access_key=target["SecretKey"]
        )
        group = io.EventLoopGroup()
        bootstrap = io.ClientBootstrap(group, io.DefaultHostResolver(group))
        self.client = s3.S3Client(
            bootstrap=bootstrap,
            region=target["Region"],
            tls_mode=s3.S3RequestTlsMode.DISABLED,
            credential_provider=provider,
            throughput_target_gbps=10,
        )

    def send(self, kind, method, key, body=None, size=None, **more):
        headers = self.http.HttpHeaders([("Host", self.host)])
        if size is not None:
            headers.add("Content-Length", str(size))
        request = self.http.HttpRequest(method, f"/{self.bucket}/{key}", headers, body)
        if kind == self.s3.S3RequestType.PUT_OBJECT:
            sums = self.s3.S3ChecksumConfig(
                algorithm=self.s3.S3ChecksumAlgorithm.CRC64NVME,
                location=self.s3.S3ChecksumLocation.TRAILER,
            )
        else:
            sums = self.s3.S3ChecksumConfig(validate_response=True)
        self.client.make_request(
            type=kind, request=request, checksum_config=sums, **more
        ).finished_future.result()

    def get(self, key, sink):
        self.send(
            self.s3.S3RequestType.GET_OBJECT, "GET", key,
            on_body=lambda chunk, offset, **kwargs: sink.write(chunk),
        )

    def getfile(self, key, path):
        self.send(self.s3.S3RequestType.GET_OBJECT, "GET", key, recv_filepath=path)

    def put(self, key, source):
        self.send(
            self.s3.S3RequestType.PUT_OBJECT, "PUT", key, body=self.io.InputStream(source)
        )

    def putfile(self, key, path):
        self.send(
            self.s3.S3RequestType.PUT_OBJECT, "PUT", key,
            size=os.path.getsize(path), send_filepath=path,
        )


class Obstore:
    def __init__(self, target):
        import obstore
        from obstore.store import S3Store

        self.obstore = obstore
        self.store = S3Store(
            target["Bucket"],
            endpoint=target["Endpoint"],
            region=target["Region"],
            access_key_id=target["AccessKey"],
            secret_access_key=target["SecretKey"],
            virtual_hosted_style_request=False,
            client_options={"allow_http": True},
        )

    def get(self, key, sink):
        for chunk in self.obstore.get(self.store, key).stream(min_chunk_size=PIECE):
            sink.write(chunk)

    def getfile(self, key, path):
        with open(path, "wb") as file:
            self.get(key, file)

    def put(self, key, source):
        self.obstore.put(self.store, key, iter(lambda: source.read(PIECE), b""))

    def putfile(self, key, path):
        from pathlib import Path

        self.obstore.put(self.store, key, Path(path))

    def read(self, key):
        return bytes(self.obstore.get(self.store, key).bytes())

    def write(self, key, data):
        self.obstore.put(self.store, key, data)

    def stat(self, key):
        return self.obstore.head(self.store, key)["size"]

    def delete(self, key):
        self.obstore.delete(self.store, key)

    def list(self, prefix):
        return sum(len(page) for page in self.obstore.list(self.store, prefix=prefix))


PEERS = {"boto3": Boto3, "awscrt": CRT, "obstore": Obstore}


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def resident(name):
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith(name):
                return int(line.split()[1]) << 10
    return 0


def reset_peak():
    try:
        with open("/proc/self/clear_refs", "w") as f:
            f.write("5")
    except OSError:
        pass


class Span:
    """What is measured, as measure.Span does."""

    def __init__(self, result):
        self.result = result

    def __enter__(self):
        reset_peak()
        self.result["Base"] = resident("VmRSS:")
        self.cpu, self.begin = cpu(), time.monotonic()

    def __exit__(self, *exc):
        self.result["Seconds"] = time.monotonic() - self.begin
        self.result["CPU"] = cpu() - self.cpu
        self.result["Peak"] = resident("VmHWM:")


def large(peer, task, result):
    op, key, path = task["Op"], task["Key"], task["Path"]
    if op == "get":
        sink = Sink()
        with Span(result):
            peer.get(key, sink)
        if sink.size != task["Size"]:
            raise ValueError(f"{sink.size} bytes came")
    elif op == "getfile":
        with Span(result):
            peer.getfile(key, path)
        if os.path.getsize(path) != task["Size"]:
            raise ValueError(f"{os.path.getsize(path)} bytes came")
    elif op == "put":
        source = Source(path)
        with Span(result):
            peer.put(key, source)
    else:
        with Span(result):
            peer.putfile(key, path)
    result["Bytes"] = task["Size"]


def small(peer, task, result):
    count, size = task["Count"], task["Size"]
    data = bytes(size)
    keys = [f"{task['Prefix']}{i:08d}" for i in range(count)]
    work = {
        "read": lambda key: peer.read(key),
        "write": lambda key: peer.write(key, data),
        "stat": lambda key: peer.stat(key),
        "delete": lambda key: peer.delete(key),
    }[task["Op"]]
    for key in keys[:WARM]:
        work(key)
    times = []
    with Span(result):
        for key in keys[WARM:]:
            begin = time.monotonic()
            work(key)
            times.append(time.monotonic() - begin)
    result["Ops"], result["Times"] = len(times), times


# WARM is how many operations come before those that are measured.
WARM = 20


def listing(peer, task, result):
    with Span(result):
        n = peer.list(task["Prefix"])
    if n != task["Count"]:
        raise ValueError(f"{n} objects came")
    result["Ops"] = n


def many(peer, task, result):
    """Width transfers of each kind at once, each of a thread."""
    errors = []

    def down(i):
        sink = Sink()
        peer.get(task["Key"], sink)
        if sink.size != task["Size"]:
            raise ValueError(f"{sink.size} bytes came")

    def up(i):
        peer.putfile(f"upload-{i}", task["Path"])

    kinds = {"getmany": [down], "putmany": [up], "bothmany": [down, up]}[task["Op"]]
    transfers = [(kind, i) for i in range(task["Width"]) for kind in kinds]
    times = [0.0] * len(transfers)

    def one(n):
        kind, i = transfers[n]
        try:
            kind(i)
            times[n] = time.monotonic() - begin
        except Exception as e:
            errors.append(e)

    threads = [threading.Thread(target=one, args=(n,)) for n in range(len(transfers))]
    with Span(result):
        begin = time.monotonic()
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    if errors:
        raise errors[0]
    result["Bytes"], result["Times"] = task["Size"] * len(transfers), times


OPS = {
    "get": large, "getfile": large, "put": large, "putfile": large,
    "read": small, "write": small, "stat": small, "delete": small,
    "list": listing, "getmany": many, "putmany": many, "bothmany": many,
}


def main():
    task = json.loads(sys.argv[1])
    result = {"Allocs": -1, "Heap": -1}
    try:
        OPS[task["Op"]](PEERS[task["Subject"]](task["Target"]), task, result)
    except Exception as e:  # is the result
        result["Err"] = f"{type(e).__name__}: {e}"
    print(json.dumps(result))
    sys.stdout.flush()
    os._exit(0)  # a library's threads need not be waited for


main()
