import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import { join } from 'node:path';
import { createSecureContext, TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ClusterOptions, type ClusterPki, generateClusterPki } from '../../src/index.ts';
import { toYaml } from '../../src/report/yaml.ts';
import { resolveBindings } from '../../src/resolve/rbac.ts';
import { byId, contentsOf, createSandbox, heldCertificates, type Sandbox } from '../support/cluster.ts';
import { environment, kubectl, kubectlOracle } from './kubectl-run.ts';

const execute = promisify(execFile);

const request: ClusterOptions = { hostIp: '192.0.2.10', hostname: 'cp1', keyAlgorithm: 'ECDSA-P256' };

interface Who {
  readonly commonName: string;
  readonly organization: readonly string[];
}

/** A server with the API server's certificate, which lets in by ca.crt alone and answers with whom it sees. */
async function startServer(server: ClusterPki, ca: string): Promise<Server> {
  const { pem: cert, keyPem: key } = byId(heldCertificates(server), 'apiserver');
  // Go takes an intermediate as an anchor by itself; Node's server passes the option that makes OpenSSL do so to no
  // context but one of its own.
  const context = createSecureContext({ cert, key, ca, allowPartialTrustChain: true });
  const listening = createServer(
    { requestCert: true, rejectUnauthorized: false, SNICallback: (_name, done) => done(null, context) },
    (incoming, response) => {
      const { socket } = incoming;
      if (!(socket instanceof TLSSocket)) throw new TypeError('the connection is not over TLS');
      const { CN: commonName, O: organization = [] } = socket.getPeerCertificate().subject;
      response.statusCode = socket.authorized ? 200 : 401;
      response.end(JSON.stringify({ commonName, organization: [organization].flat() }));
    },
  ).listen(0, '127.0.0.1');
  await once(listening, 'listening');
  return listening;
}

/** What a server says to kubectl that uses this kubeconfig, as if the server had the address in it. */
async function whoAmI(server: Server, kubeconfig: string): Promise<Who> {
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const url = `https://127.0.0.1:${port}`;
  const args = [
    '--kubeconfig',
    kubeconfig,
    '--server',
    url,
    '--tls-server-name',
    'kubernetes',
    'get',
    '--raw',
  ];
  // Not to be waited for: the server is in this process.
  const { stdout } = await execute('kubectl', [...args, '/version'], { env: environment });
  return JSON.parse(stdout);
}

const MASTERS = ['system:masters'];
const ADMINS = ['kubeadm:cluster-admins'];
// R6, and kubeadm.md 2.1 and 9.
const COMPONENTS: Readonly<Record<string, Who>> = {
  'kubelet.conf': { commonName: 'system:node:cp1', organization: ['system:nodes'] },
  'controller-manager.conf': { commonName: 'system:kube-controller-manager', organization: [] },
  'scheduler.conf': { commonName: 'system:kube-scheduler', organization: [] },
};
const admin = (organization: readonly string[]): Readonly<Record<string, Who>> => ({
  'admin.conf': { commonName: 'kubernetes-admin', organization },
});
const SUPER_ADMIN = {
  'super-admin.conf': { commonName: 'kubernetes-super-admin', organization: MASTERS },
};

const profiles: readonly {
  readonly options: ClusterOptions;
  readonly says: Readonly<Record<string, Who>>;
}[] = [
  { options: { profile: 'requirements' }, says: { ...COMPONENTS, ...admin(MASTERS) } },
  { options: { profile: 'requirements', rootCa: true }, says: { ...COMPONENTS, ...admin(MASTERS) } },
  { options: { profile: 'hardened' }, says: { ...COMPONENTS, ...admin(ADMINS), ...SUPER_ADMIN } },
  {
    options: { profile: 'hardened', rootCa: true },
    says: { ...COMPONENTS, ...admin(ADMINS), ...SUPER_ADMIN },
  },
  {
    options: { profile: 'kubeadm', kubernetesVersion: 'v1.28.15' },
    says: { ...COMPONENTS, ...admin(MASTERS) },
  },
  {
    options: { profile: 'kubeadm', kubernetesVersion: 'v1.37.2' },
    says: { ...COMPONENTS, ...admin(ADMINS), ...SUPER_ADMIN },
  },
];

kubectlOracle('a server with the certificate of the API server', () => {
  describe.each(profiles)('$options', ({ options, says }) => {
    let sandbox: Sandbox;
    let pki: ClusterPki;
    let own: Server;
    let foreign: Server;

    beforeAll(async () => {
      sandbox = createSandbox();
      pki = await generateClusterPki({ ...request, ...options });
      const other = await generateClusterPki({ ...request, ...options });
      for (const { path, contents } of pki.files) sandbox.write(path, contents);
      const ca = contentsOf(pki, 'pki/ca.crt');
      own = await startServer(pki, ca);
      foreign = await startServer(other, ca);
    });
    afterAll(() => {
      own.close();
      foreign.close();
      sandbox.remove();
    });

    test('is reached by kubectl with every kubeconfig, and sees its CN and O', async () => {
      const names = pki.files.map(({ path }) => path).filter((path) => path.endsWith('.conf'));
      const seen = await Promise.all(
        names.map(async (name) => [name, await whoAmI(own, join(sandbox.path, name))] as const),
      );
      expect(Object.fromEntries(seen)).toEqual(says);
    });

    test('is refused by kubectl where it is of another CA', async () => {
      await expect(whoAmI(foreign, join(sandbox.path, 'admin.conf'))).rejects.toThrow(
        'certificate signed by unknown authority',
      );
    });

    test('needs the bindings that kubectl reads', async () => {
      const bindings = resolveBindings(pki.spec);
      for (const binding of bindings) {
        const manifest = (await toYaml([binding])).join('\n');
        const read = JSON.parse(
          kubectl(['annotate', '--local', '-f', '-', 'x=y', '-o', 'json'], { input: manifest }),
        );
        expect(read).toEqual({
          ...binding,
          metadata: { ...binding.metadata, annotations: { x: 'y' } },
        });
      }
      const groups = bindings.map(({ subjects }) => subjects[0]?.name);
      const grantees = new Set(Object.values(says).flatMap(({ organization }) => organization));
      expect(groups.includes('kubeadm:cluster-admins')).toBe(grantees.has('kubeadm:cluster-admins'));
    });
  });
});
