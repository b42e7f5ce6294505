import { type ChildProcess, spawnSync } from 'node:child_process';
import { request } from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  type ClusterOptions,
  type ClusterPki,
  generateClusterPki,
  type PkiFile,
  writeClusterPki,
} from '../../src/index.ts';
import {
  byId,
  contentsOf,
  createSandbox,
  type HeldCertificate,
  heldCertificates,
  keySource,
  type Sandbox,
} from '../support/cluster.ts';
import { isOnPath, oracle } from '../support/oracles.ts';
import { componentArguments, freePorts, type Host, startMember, stop, tryToJoin } from './etcd-member.ts';

const etcdOracle = oracle(
  'etcd',
  isOnPath('etcd') && isOnPath('etcdctl'),
  'etcd or etcdctl is not on the PATH',
);

const cases: readonly ClusterOptions[] = [
  { profile: 'requirements', keyAlgorithm: 'RSA-2048', rootCa: false },
  { profile: 'hardened', keyAlgorithm: 'ECDSA-P256', rootCa: false },
  { profile: 'requirements', keyAlgorithm: 'ECDSA-P384', rootCa: true },
  { profile: 'hardened', keyAlgorithm: 'Ed25519', rootCa: true },
];

// What a further control-plane host needs of the first (kubeadm.md 4): the CAs and the service account pair.
const SHARED = /^pki\/(?:(?:etcd\/|front-proxy-|root-)?ca(?:-chain)?\.(?:crt|key)|sa\.(?:key|pub))$/;
const FOREIGN = /^pki\/etcd\/peer\./;

interface Credentials {
  readonly cert?: string;
  readonly key?: string;
}

/** One request over TLS. Resolves to the answer, or to the error with which the connection ended. */
function get(url: string, ca: string, credentials: Credentials): Promise<string> {
  return new Promise((resolve) => {
    // In TLS 1.3 a client may write before it learns that it is refused, and then see a reset in place of the alert.
    const options = { ca, ...credentials, agent: false, maxVersion: 'TLSv1.2' } as const;
    const outgoing = request(url, options, (response) => {
      response
        .setEncoding('utf8')
        .toArray()
        .then((chunks) => resolve(chunks.join('').trim()), resolve);
    });
    outgoing.on('error', (error) => resolve(error.message));
    outgoing.end();
  });
}

// Which alert it is depends on the release of Go that etcd is built with.
const SHUT_OUT = / alert (?:bad certificate|unknown ca|certificate required):/;

etcdOracle('a cluster of three members', () => {
  describe.each(cases)('$profile, $keyAlgorithm, root CA: $rootCa', (options) => {
    let sandbox: Sandbox;
    let hosts: readonly Host[];
    let members: readonly ChildProcess[] = [];
    let guests: { readonly own: Host; readonly foreign: Host };
    let first: ClusterPki;
    let held: readonly HeldCertificate[];
    /** What verifies the members outside of Go. */
    let trust: string;

    const generate = (
      index: number,
      existing: readonly PkiFile[],
      keyAlgorithm = options.keyAlgorithm,
    ): Promise<ClusterPki> =>
      generateClusterPki({
        ...options,
        keyAlgorithm,
        hostIp: `192.0.2.${index}`,
        hostname: `cp${index}`,
        existing,
        generateKeyPair: keySource(),
      });

    beforeAll(async () => {
      sandbox = createSandbox();
      const ports = await freePorts(10);
      const write = async (name: string, { spec }: ClusterPki, files: readonly PkiFile[]): Promise<Host> => {
        const folder = join(sandbox.path, name);
        await writeClusterPki({ files }, join(folder, 'pki'));
        return {
          name,
          folder,
          spec,
          clientUrl: `https://127.0.0.1:${ports.pop()}`,
          peerUrl: `https://127.0.0.1:${ports.pop()}`,
        };
      };
      first = await generate(1, []);
      const shared = first.files.filter(({ path }) => SHARED.test(path));
      // In another algorithm, so that its etcd CA has another key also where keys are handed out again.
      const [second, third, other] = [
        await generate(2, shared),
        await generate(3, shared),
        await generate(4, [], 'ECDSA-P256'),
      ];
      hosts = [
        await write('cp1', first, first.files),
        await write('cp2', second, [...shared, ...second.files]),
        await write('cp3', third, [...shared, ...third.files]),
      ];
      const withForeignPeer = [
        ...first.files.filter(({ path }) => !FOREIGN.test(path)),
        ...other.files.filter(({ path }) => FOREIGN.test(path)),
      ];
      guests = {
        own: await write('own', first, first.files),
        foreign: await write('foreign', first, withForeignPeer),
      };
      held = heldCertificates(first);
      trust = contentsOf(first, options.rootCa === true ? 'pki/root-ca.crt' : 'pki/etcd/ca.crt');
      members = hosts.map((host) => startMember(host, hosts));
    }, 90_000);

    afterAll(async () => {
      await Promise.all(members.map(stop));
      sandbox.remove();
    });

    const etcdctl = (args: readonly string[], credentials: readonly string[]): string => {
      // It waits for the cluster by itself.
      const patience = ['--dial-timeout=20s', '--command-timeout=20s'];
      const endpoints = `--endpoints=${hosts.map(({ clientUrl }) => clientUrl).join(',')}`;
      const { stdout, stderr } = spawnSync('etcdctl', [...args, endpoints, ...credentials, ...patience], {
        encoding: 'utf8',
        env: { ...process.env, ETCDCTL_API: '3' },
      });
      return stdout + stderr;
    };
    const host = (index: number): Host => {
      const found = hosts[index];
      if (found === undefined) throw new RangeError(`there is no host ${index}`);
      return found;
    };
    const credentialsOf = (id: string): { cert: string; key: string } => {
      const { pem: cert, keyPem: key } = byId(held, id);
      return { cert, key };
    };

    test('elects a leader, stores and reads', () => {
      const healthcheck = componentArguments(host(0), 'etcdctl');
      expect(etcdctl(['put', 'greeting', 'hello'], healthcheck)).toBe('OK\n');

      const apiserver = componentArguments(host(1), 'kube-apiserver');
      const of = (flag: string): string =>
        apiserver.find((argument) => argument.startsWith(`${flag}=`))?.slice(flag.length) ?? '';
      const credentials = [
        `--cacert${of('--etcd-cafile')}`,
        `--cert${of('--etcd-certfile')}`,
        `--key${of('--etcd-keyfile')}`,
      ];
      expect(etcdctl(['get', 'greeting'], credentials)).toBe('greeting\nhello\n');

      const status = JSON.parse(etcdctl(['endpoint', 'status', '-w', 'json'], healthcheck));
      const leaders = status.map((one: { Status: { leader: number } }) => one.Status.leader);
      expect([leaders.length, new Set(leaders).size, leaders.includes(0)]).toEqual([3, 1, false]);
    }, 90_000);

    test.each(['etcd-healthcheck-client', 'apiserver-etcd-client'])('lets %s in', async (id) => {
      expect(await get(`${host(0).clientUrl}/version`, trust, credentialsOf(id))).toContain('etcdserver');
    });

    test.each(['kubelet.conf', 'admin.conf', 'apiserver-kubelet-client', 'front-proxy-client', 'apiserver'])(
      'shuts %s out, also when it sends its whole chain',
      async (id) => {
        const { cert, key } = credentialsOf(id);
        const { desired } = byId(held, id);
        const chain = [desired.signer ?? '', ...(options.rootCa === true ? ['root-ca'] : [])];
        const whole = [cert, ...chain.map((ca) => byId(held, ca).pem)].join('');
        for (const url of [`${host(0).clientUrl}/version`, `${host(0).peerUrl}/members`]) {
          expect(await get(url, trust, { cert, key })).toMatch(SHUT_OUT);
          expect(await get(url, trust, { cert: whole, key })).toMatch(SHUT_OUT);
        }
      },
    );

    test('shuts out whoever has no certificate', async () => {
      expect(await get(`${host(0).clientUrl}/version`, trust, {})).toMatch(SHUT_OUT);
      expect(await get(`${host(0).peerUrl}/members`, trust, {})).toMatch(SHUT_OUT);
    });

    test('talks to its own peers and to no peer of another CA', async () => {
      expect(await get(`${host(0).peerUrl}/members`, trust, credentialsOf('etcd-peer'))).toContain('cp3');
      // One that nobody added is turned away only after the members have told it who they are.
      expect(tryToJoin(guests.own, hosts)).toContain('member count is unequal');
      expect(tryToJoin(guests.foreign, hosts)).toContain(
        'could not retrieve cluster information from the given URLs',
      );
    }, 90_000);
  });
});
