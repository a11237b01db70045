"""What Python programs fetch secrets with.

Each line of the input is a word and a number: how, and how many secrets or how often. The answer is a line with the
nanoseconds that it took, of the wall's clock and of the processors. Clients of boto3 are made before the clock runs, because making one takes longer than most
fetches.
"""

import asyncio
import os
import sys
import time
import timeit

import aiohttp
import boto3
import hvac
from aws_secretsmanager_caching import SecretCache

PREFIX, VALUE = sys.argv[1:]


def names(count):
    return [f"{PREFIX}/org/acme/service_{at % 97}.api_key_{at}" for at in range(count)]


def clocked(work, count):
    wanted = names(count)
    used, begun = time.process_time_ns(), time.perf_counter_ns()
    values = work(wanted)
    took = time.perf_counter_ns() - begun, time.process_time_ns() - used
    assert values == [VALUE] * count, values[:1]
    return took


def hvac_loop(wanted):
    client = hvac.Client(os.environ["VAULT_ADDR"], os.environ["VAULT_TOKEN"])
    read = client.secrets.kv.v2.read_secret_version
    return [read(path, raise_on_deleted_version=True)["data"]["data"]["value"] for path in wanted]


async def aiohttp_together(wanted):
    """16 at once, as many as the connector allows."""
    address, headers = os.environ["VAULT_ADDR"], {"X-Vault-Token": os.environ["VAULT_TOKEN"]}
    connector = aiohttp.TCPConnector(limit=16)
    async with aiohttp.ClientSession(address, connector=connector, headers=headers) as session:

        async def read(path):
            async with session.get(f"/v1/secret/data/{path}") as reply:
                return (await reply.json())["data"]["data"]["value"]

        return await asyncio.gather(*map(read, wanted))


def boto3_loop(count):
    client = boto3.client("secretsmanager")
    text = f'{{"value":"{VALUE}"}}'

    def work(wanted):
        texts = [client.get_secret_value(SecretId=name)["SecretString"] for name in wanted]
        return [VALUE if found == text else found for found in texts]

    return clocked(work, count)


def boto3_batches(count):
    client = boto3.client("secretsmanager")
    text = f'{{"value":"{VALUE}"}}'

    def work(wanted):
        values = []
        for begin in range(0, len(wanted), 20):
            told = client.batch_get_secret_value(SecretIdList=wanted[begin : begin + 20])
            values += [VALUE if found["SecretString"] == text else found for found in told["SecretValues"]]
        return values

    return clocked(work, count)


def caching():
    cache, (name,) = SecretCache(client=boto3.client("secretsmanager")), names(1)
    cache.get_secret_string(name)
    names_of_statement = {"get": cache.get_secret_string, "name": name}
    clocks = (time.perf_counter, time.process_time)
    timers = [timeit.Timer("get(name)", timer=clock, globals=names_of_statement) for clock in clocks]
    return lambda times: [timer.timeit(times) / times * 1e9 for timer in timers]


def main():
    hit = None
    with asyncio.Runner() as runner:
        for line in sys.stdin:
            word, number = line.split()
            match word:
                case "hvac":
                    took = clocked(hvac_loop, int(number))
                case "aiohttp":
                    took = clocked(lambda wanted: runner.run(aiohttp_together(wanted)), int(number))
                case "boto3":
                    took = boto3_loop(int(number))
                case "boto3-batch":
                    took = boto3_batches(int(number))
                case "caching":
                    hit = hit or caching()
                    took = hit(int(number))
            print(*took, flush=True)


main()
