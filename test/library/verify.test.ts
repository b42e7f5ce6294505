import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import {
  type ClusterOptions,
  type ClusterPki,
  generateClusterPki,
  KEY_ALGORITHM_IDS,
  type PkiFile,
  PROFILES,
  readClusterPki,
  type PresentFile,
  type VerifyClusterPkiOptions,
  verifyClusterPki,
} from '../../src/index.ts';
import { OPTIONS } from '../../src/cluster/options.ts';
import { legalOptions } from '../interop/legal-options.ts';
import { keySource } from '../support/cluster.ts';
import { openssl, opensslOracle } from '../x509/openssl.ts';

const NOW = new Date('2026-11-23T12:00:00Z');
const HOST = { hostIp: '192.0.2.10', hostname: 'cp1', keyAlgorithm: 'ECDSA-P256', now: NOW } as const;

let pki: ClusterPki;
beforeAll(async () => {
  pki = await generateClusterPki(HOST);
});

/** `severity code path` of everything that is found. */
async function found(
  files: readonly PresentFile[],
  options: Omit<VerifyClusterPkiOptions, 'files'> = {},
): Promise<readonly string[]> {
  const { findings } = await verifyClusterPki({ files, at: NOW, ...options });
  return findings.map(({ severity, code, path }) => `${severity} ${code} ${path}`);
}

const without = (paths: RegExp): readonly PkiFile[] => pki.files.filter(({ path }) => !paths.test(path));
const withContents = (path: string, contents: string): readonly PkiFile[] =>
  pki.files.map((file) => (file.path === path ? { ...file, contents } : file));

const FAST_ALGORITHMS = KEY_ALGORITHM_IDS.filter((id) => !id.startsWith('RSA'));

/** Options of `init` that break no rule, whatever option there is. */
const anyOptions = fc
  .tuple(
    legalOptions,
    fc.constantFrom(...FAST_ALGORITHMS),
    fc.constantFrom('RSA-2048' as const, undefined, ...FAST_ALGORITHMS.filter((id) => id !== 'Ed25519')),
    fc.constantFrom('/root-ca', undefined),
  )
  .map(([options, keyAlgorithm, saKeyAlgorithm, rootCaDir]): ClusterOptions => {
    const where = options.rootCa === true ? { rootCaDir } : {};
    // kubeadm has one algorithm for everything, and not every one.
    return options.profile === 'kubeadm'
      ? { ...options, ...where }
      : { ...options, ...where, keyAlgorithm, saKeyAlgorithm };
  });

describe('what was just generated', () => {
  test.each(
    PROFILES.flatMap((profile) => KEY_ALGORITHM_IDS.map((algorithm) => [profile, algorithm] as const)),
  )('%s, %s has nothing wrong with it, and shows its profile', async (profile, keyAlgorithm) => {
    const kubernetesVersion = keyAlgorithm.startsWith('RSA') ? '1.28' : '1.37';
    const asked = { ...HOST, profile, ...(profile === 'kubeadm' ? { kubernetesVersion } : {}) };
    const attempt = generateClusterPki({ ...asked, keyAlgorithm, generateKeyPair: keySource() });
    // kubeadm knows neither P-521 nor Ed25519, and before 1.31 one size of RSA.
    const made = await attempt.catch(() => undefined);
    if (made === undefined) return expect(profile).toBe('kubeadm');
    const { findings, spec } = await verifyClusterPki({ files: made.files, at: NOW });
    // The keys of the tests are handed out again.
    expect(findings.filter(({ code }) => code !== 'shared-key')).toEqual([]);
    expect(spec.profile).toBe(profile);
    return undefined;
  });

  test('has nothing wrong with it whatever was asked for, but what was warned about', async () => {
    const drawn = new Set<string>();
    await fc.assert(
      fc.asyncProperty(anyOptions, async (options) => {
        for (const [key, value] of Object.entries(options)) if (value !== undefined) drawn.add(key);
        const made = await generateClusterPki({ ...options, now: NOW, generateKeyPair: keySource() });
        const { caValiditySeconds, notBeforeSkewSeconds } = made.spec;
        // A CA that is backdated by most of its life is at its end.
        fc.pre(caValiditySeconds > notBeforeSkewSeconds);
        const isLongWarned = made.warnings.some(({ option }) => option === 'node-name');
        const faults = await found(made.files, { ...options, warnWithinSeconds: 0 });
        const isWarned = (fault: string): boolean =>
          isLongWarned && fault.startsWith('notice name-too-long ');
        expect(faults.filter((fault) => !isWarned(fault))).toEqual([]);
      }),
      { numRuns: 100 },
    );
    const others: readonly string[] = ['certDir', 'kubeconfigDir'];
    expect([...drawn].toSorted()).toEqual(
      OPTIONS.map(({ key }) => key)
        .filter((key) => !others.includes(key))
        .toSorted(),
    );
  }, 120_000);
});

const CLUSTERS: readonly ClusterOptions[] = [
  {},
  { rootCa: true },
  { externalEtcd: true },
  { hostIp: '2001:db8::10', serviceCidr: 'fd00:10:96::/112' },
  { hostIp: ['192.0.2.10', '2001:db8::1'], serviceCidr: '172.20.0.0/16,fd00::/112' },
  { controlPlaneEndpoint: 'lb.example.com:8443', clusterName: 'east', apiserverBindPort: 443 },
  { controlPlaneEndpoint: '198.51.100.1', serviceDnsDomain: 'corp.example' },
  { nodeName: 'node-1', keyAlgorithm: 'ECDSA-P384', notBeforeSkew: '1h' },
  {
    apiserverCertExtraSans: 'api.example.com,*.example.org,198.51.100.1',
    etcdServerCertExtraSans: 'etcd.example.com',
    etcdPeerCertExtraSans: '198.51.100.9',
  },
];

describe('an audit', () => {
  test('finds nothing wrong with what was just generated, also without being told what that is', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...PROFILES),
        fc.constantFrom(...CLUSTERS),
        fc.constantFrom(...CLUSTERS),
        async (profile, one, other) => {
          const made = await generateClusterPki({ ...HOST, profile, ...one, ...other }).catch(
            () => undefined,
          );
          fc.pre(made !== undefined);
          expect(await found(made?.files ?? [])).toEqual([]);
        },
      ),
      { numRuns: 30 },
    );
  }, 120_000);

  test('takes no wildcard for the name of the host, and keeps what can be where something found cannot', async () => {
    const asked = { ...HOST, nodeName: 'node-1', externalEtcd: true, serviceDnsDomain: 'corp.example' };
    const { files } = await generateClusterPki({ ...asked, apiserverCertExtraSans: '*.cp1.example' });
    expect(await found(files)).toEqual([]);
    const renamed = files.map((file) => ({
      ...file,
      contents: file.contents.replaceAll('https://192.0.2.10:6443', 'https://no_name:6443'),
    }));
    const codes = (await found(renamed)).map((fault) => fault.split(' ')[1]);
    expect([...new Set(codes)]).toEqual(['server', 'server-not-covered']);
  });

  test.each(['scheduler.conf', 'controller-manager.conf', 'admin.conf', 'kubelet.conf'])(
    'names the one kubeconfig that leads elsewhere, and nothing that does not fit it: %s',
    async (path) => {
      const { contents = '' } = pki.files.find((file) => file.path === path) ?? {};
      const led = withContents(path, contents.replace('192.0.2.10', '198.51.100.7'));
      expect(await found(led)).toEqual([`error server ${path}`, `error server-not-covered ${path}`]);
    },
  );

  test('names the one kubeconfig that is of another cluster', async () => {
    const other = await generateClusterPki({ ...HOST, hostIp: '198.51.100.7', clusterName: 'east' });
    const path = 'admin.conf';
    const { contents = '' } = other.files.find((file) => file.path === path) ?? {};
    const faults = await found(withContents(path, contents));
    expect(faults).toContain(`error trust ${path}`);
    expect(faults.filter((fault) => !fault.endsWith(` ${path}`))).toEqual([]);
  });

  // kubeadm has neither, and one name for node and host.
  test.each<ClusterOptions>([
    { keyAlgorithm: 'Ed25519' },
    { keyAlgorithm: 'ECDSA-P521' },
    { hostname: 'cp1', nodeName: 'node-1', hostIp: '192.0.2.10' },
  ])('can be asked for what only some profiles have: %j', async (options) => {
    const { files } = await generateClusterPki({ ...HOST, ...options });
    expect(await found(files, options)).toEqual([]);
    await expect(found(files, { ...options, profile: 'kubeadm' })).rejects.toMatchObject({
      code: 'ERR_CONFIG',
    });
  });

  test('misses what is missing, and does not mind that CA keys are elsewhere', async () => {
    expect(await found(without(/^pki\/(?:apiserver\.|sa\.)/))).toEqual([
      'error row-absent pki/apiserver.crt',
      'error row-absent pki/sa.key',
    ]);
    expect(await found(without(/ca\.key$/))).toEqual([
      'notice authority-key-elsewhere pki/ca.key',
      'notice authority-key-elsewhere pki/front-proxy-ca.key',
      'notice authority-key-elsewhere pki/etcd/ca.key',
    ]);
  });

  test('says what it took from the files, and makes nothing up', async () => {
    const inferredOf = async (files: readonly PkiFile[], options: ClusterOptions = {}) =>
      (await verifyClusterPki({ files, at: NOW, ...options })).inferred;
    expect(await inferredOf(pki.files)).toMatchObject({ hostIp: ['192.0.2.10'], hostname: 'cp1' });
    const said = { hostIp: '192.0.2.10', hostname: 'cp1', nodeName: 'cp1' };
    const keys = ['profile', 'keyAlgorithm', 'saKeyAlgorithm'];
    expect(Object.keys(await inferredOf(pki.files, said)).toSorted()).toEqual(keys.toSorted());
    const worker = pki.files.filter(({ path }) => path === 'kubelet.conf' || path === 'pki/ca.crt');
    expect(await inferredOf(worker)).not.toHaveProperty('hostIp', '192.0.2.1');
  });

  test('misses etcd and minds a root where the cluster is said to have the one and not the other', async () => {
    const withoutEtcd = without(/etcd/);
    expect(await found(withoutEtcd)).toEqual([]);
    const named = { hostIp: '192.0.2.10', hostname: 'cp1' };
    expect(await found(withoutEtcd, named)).toEqual(
      expect.arrayContaining(['error row-absent pki/etcd/ca.crt', 'error row-absent pki/etcd/server.crt']),
    );
    expect(await found(withoutEtcd, { ...named, externalEtcd: true })).toEqual([]);
    const rooted = { ...named, rootCa: true, keyAlgorithm: 'ECDSA-P256', now: NOW } as const;
    for (const more of [{}, { rootCaDir: '/root-ca' }]) {
      const { files } = await generateClusterPki({ ...rooted, ...more });
      expect(await found(files)).toEqual([]);
      expect(await found(files, { ...named, rootCa: true })).toEqual([]);
      expect(await found(files, named)).toContain('error trust admin.conf');
    }
  });

  test('takes a certificate directory without kubeconfigs for whole, and not one without some of them', async () => {
    expect(await found(without(/\.conf$/))).toEqual([]);
    expect(await found(without(/^admin\.conf$/))).toEqual(['error row-absent admin.conf']);
  });

  test('names files that belong to nothing', async () => {
    expect(await found([...pki.files, { path: 'pki/old/ca.key' }])).toEqual([
      'notice file-unknown pki/old/ca.key',
    ]);
  });

  test('asks about the moment that is given', async () => {
    expect(await found(pki.files, { at: new Date('2027-11-10T00:00:00Z') })).toEqual(
      expect.arrayContaining(['warning expires-soon pki/apiserver.crt']),
    );
    const late = await found(pki.files, { at: new Date('2027-12-01T00:00:00Z') });
    expect(late).toContain('error expired pki/apiserver.crt');
    expect(late).not.toContain('warning expires-soon pki/apiserver.crt');
    expect(await found(pki.files, { at: new Date('2036-01-01T00:00:00Z') })).toContain(
      'warning authority-ends-soon pki/ca.crt',
    );
    const soon = { at: new Date('2027-11-10T00:00:00Z'), warnWithinSeconds: 60 };
    expect(await found(pki.files, soon)).toEqual([]);
  });

  test('minds surplus names only where somebody said which are wanted', async () => {
    const { files } = await generateClusterPki({ ...HOST, apiserverCertExtraSans: 'api.example.com' });
    expect(await found(files)).toEqual([]);
    expect(await found(files, { hostIp: '192.0.2.10', hostname: 'cp1' })).toEqual([
      'warning subject-alternative-name-surplus pki/apiserver.crt',
    ]);
  });

  test('minds a name that nobody can ask for, and not the others beside it', async () => {
    const clean = await readClusterPki('fixtures/verify/clean/pki');
    const contents = readFileSync('fixtures/verify/dns-name-unmatched/pki/apiserver.crt', 'utf8');
    const files = clean.map((file) => (file.path === 'pki/apiserver.crt' ? { ...file, contents } : file));
    const at = new Date('2027-06-01T00:00:00Z');
    const { findings } = await verifyClusterPki({ files, at, profile: 'requirements' });
    expect(findings.find(({ code }) => code === 'subject-alternative-name-surplus')?.found).toBe(
      'DNS:api.*.example.com',
    );
  });

  test('holds against the profile that is asked for', async () => {
    const codes = await found(pki.files, { profile: 'hardened' });
    expect(codes).toContain('error organization pki/apiserver-etcd-client.crt');
    expect((await verifyClusterPki({ files: pki.files, at: NOW, profile: 'hardened' })).spec.profile).toBe(
      'hardened',
    );
  });

  opensslOracle('of a CA that openssl signed again', () => {
    test('names what forbids the way from a certificate to its CA', async () => {
      const contentsOf = (path: string): string =>
        pki.files.find((file) => file.path === path)?.contents ?? '';
      // A CA for servers alone signs clients whom Go lets in nowhere.
      const extensions = `basicConstraints = critical, CA:TRUE
keyUsage = critical, digitalSignature, keyCertSign, cRLSign
subjectKeyIdentifier = hash
extendedKeyUsage = serverAuth
`;
      const { read } = openssl(
        'x509 -in ca.crt -signkey ca.key -clrext -days 3650 -extfile ca.cnf -out limited.crt'.split(' '),
        { 'ca.crt': contentsOf('pki/ca.crt'), 'ca.key': contentsOf('pki/ca.key'), 'ca.cnf': extensions },
      );
      const codes = await found(withContents('pki/ca.crt', read('limited.crt')), { at: new Date() });
      expect(codes).toContain('error path-refused pki/apiserver-kubelet-client.crt');
      expect(codes).toContain('error path-refused admin.conf');
      expect(codes).not.toContain('error path-refused pki/apiserver.crt');
    });
  });

  test('says what is wrong with the options', async () => {
    await expect(verifyClusterPki({ files: pki.files, hostIp: '192.0.2.300' })).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      detail: { issues: [{ option: 'host-ip' }] },
    });
  });

  test('finds fault with whatever a file holds, and never throws', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...pki.files),
        fc.oneof(
          fc.string(),
          fc.constant(''),
          fc.nat().map((at) => ({ cutAt: at })),
        ),
        async ({ path, contents }, change) => {
          const other =
            typeof change === 'string' ? change : contents.slice(0, change.cutAt % contents.length);
          fc.pre(other.trim() !== contents.trim());
          expect(await found(withContents(path, other))).not.toEqual([]);
        },
      ),
      { numRuns: 25 },
    );
  }, 120_000);
});

test('an audit of nothing is refused: files are asked for, or a source', async () => {
  await expect(verifyClusterPki({})).rejects.toMatchObject({
    code: 'ERR_CONFIG',
    detail: { issues: [{ option: 'files', rule: 'must be given, or a source' }] },
  });
});

test.each([
  ['a moment that is none', { at: new Date(Number.NaN) }, 'at'],
  ['a text', Object({ at: '2027-01-01' }), 'at'],
  ['seconds that are no number', { warnWithinSeconds: Number.NaN }, 'warn-within'],
])('%s is refused: compared with it nothing would have expired', async (_, times, option) => {
  const refused = { code: 'ERR_CONFIG', detail: { issues: [expect.objectContaining({ option })] } };
  await expect(verifyClusterPki({ files: [], ...times })).rejects.toMatchObject(refused);
});
