import { beforeAll, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { type ClusterPki, generateClusterPki, type PkiFile, verifyClusterPki } from '../../src/index.ts';

const NOW = new Date('2026-11-26T12:00:00Z');
const HOST = { hostIp: '192.0.2.10', hostname: 'cp1', keyAlgorithm: 'ECDSA-P256', now: NOW } as const;

/** The file of a kubelet that joined by a token. */
function bootstrapped({ path, contents }: PkiFile): PkiFile {
  const authority = /certificate-authority-data: (.*)/.exec(contents)?.[1] ?? '';
  const written = readFileSync('fixtures/kubelet/kubelet.conf', 'utf8');
  return { path, mode: 0o600, contents: written.replace('AUTHORITY', authority) };
}

let pki: ClusterPki;
beforeAll(async () => {
  pki = await generateClusterPki(HOST);
});

const pick = (files: readonly PkiFile[], ...paths: readonly string[]): readonly PkiFile[] =>
  files.filter(({ path }) => paths.includes(path));

async function found(
  files: readonly PkiFile[],
  options: Omit<Parameters<typeof verifyClusterPki>[0], 'files'> = {},
): Promise<readonly string[]> {
  const { findings, role } = await verifyClusterPki({ files, at: NOW, ...options });
  return [role, ...findings.map(({ severity, code, path }) => `${severity} ${code} ${path}`)];
}

test('a control plane that joined has no kubeconfig of the last resort, and misses none', async () => {
  for (const rules of [{ profile: 'kubeadm', kubernetesVersion: '1.37' }, { profile: 'hardened' }] as const) {
    const { files } = await generateClusterPki({ ...HOST, ...rules });
    const joined = files.filter(({ path }) => path !== 'super-admin.conf');
    expect(joined.length).toBe(files.length - 1);
    expect(await found(joined, rules)).toEqual(['control-plane']);
    const again = await generateClusterPki({ ...HOST, ...rules, existing: joined });
    expect(again.files.map(({ path }) => path)).toEqual(['super-admin.conf']);
    const without = joined.filter(({ path }) => path !== 'admin.conf');
    expect(await found(without, rules)).toEqual(['control-plane', 'error row-absent admin.conf']);
  }
});

const WORKER = ['pki/ca.crt', 'kubelet.conf'];

describe('on a worker an audit', () => {
  test('misses nothing of what only control planes have, whatever algorithm the files have', async () => {
    expect(await found(pick(pki.files, ...WORKER))).toEqual(['worker']);
    expect(await found(pick(pki.files, 'pki/ca.crt'))).toEqual(['worker']);
  });

  test('takes the name of the node from its kubeconfig where the certificate in it lies elsewhere', async () => {
    const { files } = await generateClusterPki({ ...HOST, profile: 'kubeadm' });
    const named = pick(files, ...WORKER).map((file) => ({
      ...file,
      contents: file.contents.replaceAll(
        /client-(certificate|key)-data: .*/g,
        'client-$1: /var/lib/kubelet/pki/kubelet-client-current.pem',
      ),
    }));
    const notices = ['notice credential-in-file kubelet.conf', 'notice credential-in-file kubelet.conf'];
    expect(await found(named)).toEqual(['worker', ...notices]);
    expect(await found(named, { nodeName: 'other' })).toEqual([
      'worker',
      'warning kubeconfig-names kubelet.conf',
      'warning kubeconfig-names kubelet.conf',
      ...notices,
    ]);
  });

  test.each([{ nodeName: 'cp1' }, { clusterName: 'default-cluster' }, { serviceCidr: '10.96.0.0/12' }])(
    'makes up no server where nobody says an address: %j',
    async (options) => {
      expect(await found(pick(pki.files, ...WORKER), options)).toEqual(['worker']);
    },
  );

  test.each([
    ['requirements', '1.37'],
    ['kubeadm', '1.24'],
    ['kubeadm', '1.30'],
    ['kubeadm', '1.37'],
    ['hardened', '1.37'],
  ] as const)(
    'lets the kubelet have written its kubeconfig itself: %s %s',
    async (profile, kubernetesVersion) => {
      const rules = { profile, kubernetesVersion };
      const { files } = await generateClusterPki({ ...HOST, ...rules });
      const joined = pick(files, ...WORKER).map((file) =>
        file.path === 'kubelet.conf' ? bootstrapped(file) : file,
      );
      const notices = ['notice credential-in-file kubelet.conf', 'notice credential-in-file kubelet.conf'];
      expect(await found(joined)).toEqual(['worker', ...notices]);
      expect(await found(joined, rules)).toEqual(['worker', ...notices]);
    },
  );

  test('holds the kubeconfig against the endpoint that is asked for', async () => {
    const joined = pick(pki.files, ...WORKER).map((file) =>
      file.path === 'kubelet.conf' ? bootstrapped(file) : file,
    );
    const options = { role: 'worker', controlPlaneEndpoint: 'other.example.com:6443' } as const;
    expect(await found(joined, options)).toContain('error server kubelet.conf');
  });

  test('minds what lets whoever takes it be somebody else', async () => {
    const paths = ['pki/ca.key', 'pki/sa.key', 'pki/sa.pub', 'pki/apiserver.crt', 'pki/apiserver.key'];
    expect(await found(pick(pki.files, ...WORKER, ...paths), { role: 'worker' })).toEqual([
      'worker',
      'error signing-key-misplaced pki/ca.key',
      'notice file-misplaced pki/apiserver.crt',
      'error credential-misplaced pki/apiserver.key',
      'error signing-key-misplaced pki/sa.key',
      'notice file-misplaced pki/sa.pub',
    ]);
  });

  test('looks into what does not belong there, and lists whom it makes its holder', async () => {
    const files = pick(pki.files, ...WORKER, 'pki/ca.key', 'admin.conf').map((file) =>
      file.path === 'pki/ca.key' ? { ...file, mode: 0o644 } : file,
    );
    const lines = await found(files);
    expect(lines).toContain('error key-readable pki/ca.key');
    expect(lines).toContain('error credential-misplaced admin.conf');
  });

  test('knows a CA under a root', async () => {
    const { files } = await generateClusterPki({ ...HOST, rootCa: true });
    const paths = ['pki/root-ca.crt', ...WORKER];
    expect(await found(pick(files, ...paths))).toEqual(['worker']);
    expect(await found(pick(files, ...paths, 'pki/ca-chain.crt'))).toEqual(['worker']);
    expect(await found(pick(files, ...paths, 'pki/root-ca.key'))).toEqual([
      'worker',
      'error signing-key-misplaced pki/root-ca.key',
    ]);
  });
});

describe('on a member of an external etcd an audit', () => {
  const ETCD = /^pki\/(?:etcd\/|apiserver-etcd-client)/;

  test('misses nothing of the API server, also where the cluster is said to have an external etcd', async () => {
    const files = pki.files.filter(({ path }) => ETCD.test(path));
    expect(await found(files)).toEqual(['etcd']);
    const asked = { hostIp: '192.0.2.10', hostname: 'cp1', externalEtcd: true, role: 'etcd' } as const;
    expect(await found(files, asked)).toEqual(['etcd']);
  });

  test('misses what etcd needs', async () => {
    const files = pki.files.filter(({ path }) => ETCD.test(path) && !path.includes('/peer.'));
    expect(await found(files)).toEqual(['etcd', 'error row-absent pki/etcd/peer.crt']);
    expect(await found([], { role: 'etcd' })).toHaveLength(1 + 4);
  });
});

test('a kind of host that there is not is wrong', async () => {
  const wrong = JSON.parse('{ "role": "node" }');
  await expect(verifyClusterPki({ files: pki.files, ...wrong })).rejects.toMatchObject({
    code: 'ERR_CONFIG',
    detail: { issues: [{ option: 'role', value: 'node' }] },
  });
});
