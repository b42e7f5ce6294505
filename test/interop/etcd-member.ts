import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type Server, createServer } from 'node:net';
import { absolutePath } from '../../src/layout.ts';
import { type ClusterSpec, resolveArguments } from '../../src/index.ts';
import type { Component } from '../../src/table/row.ts';

/** A host with its PKI in a folder of its own. */
export interface Host {
  readonly name: string;
  readonly folder: string;
  readonly spec: ClusterSpec;
  readonly clientUrl: string;
  readonly peerUrl: string;
}

/** Ports of the loopback that nobody listens on. */
export async function freePorts(count: number): Promise<number[]> {
  const servers: Server[] = [];
  for (let index = 0; index < count; index++) {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    servers.push(server);
  }
  return servers.map((server) => {
    const address = server.address();
    server.close();
    if (typeof address !== 'object' || address === null) throw new Error('a server has no address');
    return address.port;
  });
}

/** The arguments of `show arguments` for a component on this host. */
export function componentArguments(host: Host, component: Component): readonly string[] {
  const directories = { certDir: join(host.folder, 'pki'), kubeconfigDir: host.folder };
  return resolveArguments(host.spec, { pathOf: (path) => absolutePath(path, directories) })
    .filter((argument) => argument.component === component)
    .map(({ flag, value }) => `${flag}=${value}`);
}

/** Everything that etcd is told: the arguments of this project, and addresses. */
function memberArguments(host: Host, cluster: readonly Host[], state: 'new' | 'existing'): readonly string[] {
  return [
    ...componentArguments(host, 'etcd'),
    `--name=${host.name}`,
    `--data-dir=${join(host.folder, 'data')}`,
    `--listen-client-urls=${host.clientUrl}`,
    `--advertise-client-urls=${host.clientUrl}`,
    `--listen-peer-urls=${host.peerUrl}`,
    `--initial-advertise-peer-urls=${host.peerUrl}`,
    `--initial-cluster=${cluster.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(',')}`,
    `--initial-cluster-state=${state}`,
  ];
}

/** Starts etcd as a member. */
export function startMember(host: Host, cluster: readonly Host[]): ChildProcess {
  return spawn('etcd', memberArguments(host, cluster, 'new'), { stdio: 'ignore' });
}

/**
 * Runs etcd as one more member of a cluster that does not know it. It ends by itself in any case.
 *
 * @returns What it said.
 */
export function tryToJoin(host: Host, cluster: readonly Host[]): string {
  const args = memberArguments(host, [...cluster, host], 'existing');
  const { stdout, stderr, error } = spawnSync('etcd', args, { encoding: 'utf8', timeout: 20_000 });
  if (error !== undefined) throw error;
  return stdout + stderr;
}

/** Kills a process and waits for its end. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
