import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ComponentForm, ComponentText } from '../../src/components/command.ts';
import {
  type ClusterOptions,
  type ClusterPki,
  generateClusterPki,
  parseComponents,
  PROFILES,
  verifyClusterPki,
} from '../../src/index.ts';
import { parseClusterSpec } from '../../src/cluster/parse.ts';
import { checkComponents } from '../../src/checks/components.ts';
import { knownPlaces, presentFiles } from '../../src/present.ts';
import { argumentsText } from '../../src/report/arguments.ts';
import { type ComponentArgument, desiredArguments, resolveArguments } from '../../src/resolve/arguments.ts';
import { readFiles } from '../../src/store/files.ts';
import { type Component, COMPONENTS } from '../../src/table/row.ts';
import { type Verification, verifyPki } from '../../src/verify.ts';

const GOLDEN = new Date('2026-12-01T00:00:00Z');
const NOW = new Date('2026-11-23T12:00:00Z');
const HOST = { hostIp: '192.0.2.10', hostname: 'cp1', keyAlgorithm: 'ECDSA-P256', now: NOW } as const;
const pathOf = (path: string): string => `/etc/kubernetes/${path}`;

type Files = NonNullable<Parameters<typeof verifyClusterPki>[0]['files']>;

const verified = new Map<Files, Promise<Verification>>();

/** The same files are audited once. */
function verify(files: Files, now: Date): Promise<Verification> {
  const verification = verified.get(files) ?? verifyPki({ files, options: {}, now, warnWithinSeconds: 0 });
  verified.set(files, verification);
  return verification;
}

/** What is found about components: `severity code path field`. `present`: what is there when the files have been read. */
async function found(
  texts: readonly ComponentText[],
  files: Files,
  { at = NOW, present = files }: { readonly at?: Date; readonly present?: Files } = {},
): Promise<readonly string[]> {
  const { spec, evidence } = await verify(files, at);
  const components = await parseComponents(texts);
  return checkComponents({ components, spec, evidence, files: present }).map(
    ({ severity, code, path, field = '' }) => `${severity} ${code} ${path} ${field}`.trim(),
  );
}

let pki: ClusterPki;
let all: readonly ComponentArgument[];
beforeAll(async () => {
  pki = await generateClusterPki(HOST);
  all = resolveArguments(pki.spec, { pathOf });
});

const asArguments = (own: readonly ComponentArgument[]): readonly ComponentText[] => [
  { path: '/a', form: 'arguments', contents: argumentsText(own).join('\n') },
];

/** What is found where the components are started as they should be, but for flags that are added behind. */
async function foundWith(
  added: Partial<Readonly<Record<Component, string>>>,
  files: Files = pki.files,
): Promise<readonly string[]> {
  const texts = [...new Set(all.map(({ component }) => component))].map((component): ComponentText => {
    const lines = argumentsText(all.filter((argument) => argument.component === component));
    return {
      path: `/${component}`,
      form: 'arguments',
      contents: [component, ...lines, added[component] ?? ''].join('\n'),
    };
  });
  return found(texts, files);
}

describe('nothing is found', () => {
  test.each<[string, string]>(
    readdirSync('fixtures/manifests')
      .filter((name) => !name.includes('.md'))
      .map((name) => [name, join('fixtures/manifests', name)]),
  )('in the manifests that the real kubeadm wrote for %s', async (name, folder) => {
    const tree = join('fixtures/kubeadm', name);
    const places = knownPlaces({ certDir: join(tree, 'pki'), kubeconfigDir: tree });
    const files = presentFiles(places, await readFiles([...places.values()]));
    const texts = readdirSync(folder).map(
      (file): ComponentText => ({
        path: `/etc/kubernetes/manifests/${file}`,
        form: 'manifest',
        contents: readFileSync(join(folder, file), 'utf8'),
      }),
    );
    expect(texts.length).toBeGreaterThanOrEqual(4);
    expect(await found(texts, files, { at: GOLDEN })).toEqual([]);
  });

  const clusters: readonly ClusterOptions[] = [
    {},
    { rootCa: true },
    { externalEtcd: true },
    { serviceDnsDomain: 'corp.example' },
  ];
  test.each(
    PROFILES.flatMap((profile) => clusters.map((cluster) => [{ profile, ...cluster }] as const)).filter(
      ([{ profile, rootCa }]) => !(profile === 'kubeadm' && rootCa === true),
    ),
  )('in the arguments of %j', async (cluster) => {
    const made = await generateClusterPki({ ...HOST, ...cluster });
    const texts = asArguments(resolveArguments(made.spec, { pathOf }));
    expect(await found(texts, made.files)).toEqual([]);
  });

  test('where the key of the CA is elsewhere, and the two arguments are left out or empty', async () => {
    const files = pki.files.filter(({ path }) => path !== 'pki/ca.key');
    const without = resolveArguments(pki.spec, { pathOf, keyless: ['ca'] });
    expect(await found(asArguments(without), files)).toEqual([]);
    const empty = without.concat(
      all.filter(({ flag }) => flag.startsWith('--cluster-signing')).map((one) => ({ ...one, value: '' })),
    );
    expect(await found(asArguments(empty), files)).toEqual([]);
    expect(await found(asArguments(all), files)).toEqual([
      'error argument-file-absent /a --cluster-signing-key-file',
    ]);
  });

  test('in other directories, as long as all name the same', async () => {
    const moved = all.map((one) => ({
      ...one,
      value: one.value.replace(/^\/etc\/kubernetes(?:\/pki)?/, (from) =>
        from.endsWith('pki') ? '/srv/certs' : '/srv',
      ),
    }));
    expect(await found(asArguments(moved), pki.files)).toEqual([]);
  });

  test('where etcd has directories of its own', async () => {
    const moved = all.map((one) => ({
      ...one,
      value:
        one.component === 'etcd' ? one.value.replace('/etc/kubernetes/pki/etcd', '/etc/etcd') : one.value,
    }));
    expect(await found(asArguments(moved), pki.files)).toEqual([]);
  });
});

describe('of an argument of the table', () => {
  const indices = desiredArguments({ ...specOfTable(), etcd: 'stacked' }).map(
    ({ argument: { component, flag } }, index) => [`${component} ${flag}`, index] as const,
  );

  test.each(indices)('%s: its absence, another value and another file are found', async (_, index) => {
    const own = all[index];
    const wanted = desiredArguments(pki.spec)[index];
    if (own === undefined || wanted === undefined) throw new RangeError('no such argument');
    const without = all.filter((_one, at) => at !== index);
    const [severity] = wanted.argument.without;
    const absent = `${severity} ${severity === 'error' ? 'argument-missing' : 'argument-left-out'} /a ${own.flag}`;
    expect(await found(asArguments(without), pki.files)).toContain(absent);

    const withValue = (value: string): readonly ComponentText[] =>
      asArguments(all.map((one, at) => (at === index ? { ...one, value } : one)));
    expect(await found(withValue(''), pki.files)).toContain(absent);
    if (!('path' in wanted.value)) {
      expect(await found(withValue('other'), pki.files)).toContain(`warning argument-value /a ${own.flag}`);
      return;
    }
    const others = pki.files.filter(({ path }) => 'path' in wanted.value && path !== wanted.value.path);
    for (const { path } of others) {
      expect(await found(withValue(pathOf(path)), pki.files)).toContain(`error argument-file /a ${own.flag}`);
    }
    expect(await found(withValue('/srv/other.pem'), pki.files)).toContain(
      `warning argument-file-unknown /a ${own.flag}`,
    );
    expect(await found(asArguments(all), pki.files, { present: others })).toContain(
      `error argument-file-absent /a ${own.flag}`,
    );
  });
});

describe('it is found that', () => {
  const requestheader = '--requestheader-client-ca-file';
  const etcdTrust = '--trusted-ca-file';

  test.each<[string, Component, string, readonly string[]]>([
    [
      'the CA of users decides who is let in by etcd',
      'etcd',
      `${etcdTrust}=/etc/kubernetes/pki/ca.crt`,
      [
        `error argument-file /etcd ${etcdTrust}`,
        `warning argument-twice /etcd ${etcdTrust}`,
        `error argument-authority-shared /etcd ${etcdTrust}`,
      ],
    ],
    [
      'the CA of front proxies decides who is a user',
      'kube-apiserver',
      '--client-ca-file=/etc/kubernetes/pki/front-proxy-ca.crt',
      [
        'error argument-file /kube-apiserver --client-ca-file',
        'warning argument-twice /kube-apiserver --client-ca-file',
        `error argument-authority-shared /kube-apiserver ${requestheader}`,
      ],
    ],
    [
      'the CA of users decides which etcd is believed',
      'kube-apiserver',
      '--etcd-cafile=/etc/kubernetes/pki/ca.crt',
      [
        'error argument-file /kube-apiserver --etcd-cafile',
        'warning argument-twice /kube-apiserver --etcd-cafile',
        'error argument-authority-shared /kube-apiserver --etcd-cafile',
        'error etcd-authority-other /kube-apiserver --etcd-cafile',
      ],
    ],
    [
      'etcd listens in the clear',
      'etcd',
      '--listen-client-urls=https://192.0.2.10:2379,http://127.0.0.1:2379,http://[::1]:1,http://192.0.2.10:2378',
      ['error etcd-in-the-clear /etcd --listen-client-urls'],
    ],
    [
      'etcd listens to other members in the clear',
      'etcd',
      '--listen-peer-urls=http://0.0.0.0:2380',
      ['error etcd-in-the-clear /etcd --listen-peer-urls'],
    ],
    [
      'etcd is asked in the clear',
      'kube-apiserver',
      '--etcd-servers=https://127.0.0.1:2379,http://192.0.2.11:2379',
      ['error etcd-servers-in-the-clear /kube-apiserver --etcd-servers'],
    ],
    [
      'the API server is reached under an address that its certificate has not, behind a user',
      'kube-apiserver',
      '--etcd-servers=https://root:secret@127.0.0.9:2379',
      ['error address-uncovered /kube-apiserver --etcd-servers'],
    ],
    [
      'the API server is reached under an address that its certificate has not',
      'kube-apiserver',
      '--advertise-address=192.0.2.99',
      ['error address-uncovered /kube-apiserver --advertise-address'],
    ],
    [
      'the API server has an address in the service network that its certificate has not',
      'kube-apiserver',
      '--service-cluster-ip-range=10.0.0.0/16,fd00::/112',
      ['error address-uncovered /kube-apiserver --service-cluster-ip-range'],
    ],
    [
      'etcd is reached under names that its certificates have not',
      'etcd',
      '--advertise-client-urls=https://cp1:2379,https://other:2379\n--initial-advertise-peer-urls=https://[2001:db8::9]:1',
      [
        'error address-uncovered /etcd --advertise-client-urls',
        'error address-uncovered /etcd --initial-advertise-peer-urls',
      ],
    ],
    [
      'etcd is asked under a local address that its certificate has not',
      'kube-apiserver',
      '--etcd-servers=https://[::1]:2379,https://192.0.2.11:2379',
      ['error address-uncovered /kube-apiserver --etcd-servers'],
    ],
    [
      'an API server may not name a user itself',
      'kube-apiserver',
      '--requestheader-allowed-names=another',
      ['warning argument-value /kube-apiserver --requestheader-allowed-names'],
    ],
    [
      'tokens are signed with another key',
      'kube-controller-manager',
      '--service-account-private-key-file=/etc/kubernetes/pki/apiserver.key',
      [
        'error argument-file /kube-controller-manager --service-account-private-key-file',
        'warning argument-twice /kube-controller-manager --service-account-private-key-file',
        'error token-key-unknown /kube-controller-manager --service-account-private-key-file',
      ],
    ],
  ])('%s', async (_, component, added, expected) => {
    expect(await foundWith({ [component]: added })).toEqual(expected);
  });

  test('etcd makes certificates for itself, but not where it has some and passes over that', async () => {
    expect(await foundWith({ etcd: '--auto-tls\n--peer-auto-tls=true' })).toEqual([]);
    expect(await foundWith({ etcd: '--auto-tls\n--cert-file=\n--key-file=' })).toEqual([
      'error argument-missing /etcd --cert-file',
      'error argument-missing /etcd --key-file',
      'warning argument-twice /etcd --cert-file',
      'warning argument-twice /etcd --key-file',
      'error etcd-auto-tls /etcd --auto-tls',
    ]);
  });

  test('the common name of the proxy is not allowed', async () => {
    const added = { 'kube-apiserver': '--proxy-client-cert-file=/etc/kubernetes/pki/apiserver.crt' };
    expect(await foundWith(added)).toContain(
      'error proxy-name-refused /kube-apiserver --proxy-client-cert-file',
    );
  });

  test('two CAs have one key, though their files are two', async () => {
    const contents = pki.files.find(({ path }) => path === 'pki/ca.crt')?.contents ?? '';
    const files = pki.files.map((file) => (file.path === 'pki/etcd/ca.crt' ? { ...file, contents } : file));
    const codes = await foundWith({}, files);
    expect(codes).toContain('error argument-authority-shared /etcd --trusted-ca-file');
    expect(codes).toContain('error argument-authority-shared /etcd --peer-trusted-ca-file');
    expect(codes).toContain('error argument-authority-shared /kube-apiserver --etcd-cafile');
  });

  test('the CA that signs requests is one of two in its file', async () => {
    const other = await generateClusterPki(HOST);
    const pemOf = ({ files }: ClusterPki): string =>
      files.find(({ path }) => path === 'pki/ca.crt')?.contents ?? '';
    const contents = pemOf(pki) + pemOf(other);
    const files = pki.files.map((file) => (file.path === 'pki/ca.crt' ? { ...file, contents } : file));
    expect(await foundWith({}, files)).toEqual([
      'error signing-certificates /kube-controller-manager --cluster-signing-cert-file',
    ]);
  });

  test('one component has its files from another directory', async () => {
    const elsewhere = all.map((argument) =>
      argument.component === 'kube-scheduler' || argument.component === 'kube-controller-manager'
        ? { ...argument, value: argument.value.replace('/etc/kubernetes/', '/etc/old/') }
        : argument,
    );
    expect(await found(asArguments(elsewhere), pki.files)).toEqual(['warning argument-directory-other /a']);
  });

  test('a password in the URL of a server is not repeated', async () => {
    const { spec, evidence } = await verify(pki.files, NOW);
    const contents =
      'kube-apiserver --etcd-certfile=/etc/kubernetes/pki/apiserver-etcd-client.crt --etcd-servers=http://root:secret@192.0.2.11:2379 --service-account-issuer=https://root:secret@a.example';
    const components = await parseComponents([{ path: '/a', form: 'arguments', contents }]);
    const findings = checkComponents({ components, spec, evidence, files: pki.files });
    expect(JSON.stringify(findings)).not.toContain('secret');
    expect(findings).toContainEqual(
      expect.objectContaining({ code: 'etcd-servers-in-the-clear', found: 'http://…@192.0.2.11:2379' }),
    );
  });

  test('a copy of the right file is as good', async () => {
    const contents = pki.files.find(({ path }) => path === 'pki/ca.crt')?.contents ?? '';
    const files = [...pki.files, { path: 'pki/users.crt', contents }];
    const added = { kubelet: '--client-ca-file=/etc/kubernetes/pki/users.crt' };
    expect(await foundWith(added, files)).toEqual(['warning argument-twice /kubelet --client-ca-file']);
  });
});

describe('a pod', () => {
  const manifest = (mountPath: string, hostPath: string): ComponentText => ({
    path: '/m/etcd.yaml',
    form: 'manifest',
    contents: JSON.stringify({
      kind: 'Pod',
      spec: {
        containers: [
          {
            command: ['etcd', ...argumentsText(all.filter(({ component }) => component === 'etcd'))],
            volumeMounts: [{ name: 'a', mountPath }],
          },
        ],
        volumes: [{ name: 'a', hostPath: { path: hostPath } }],
      },
    }),
  });

  test('names files as they lie on the host', async () => {
    expect(await found([manifest('/etc/kubernetes', '/srv')], pki.files)).toEqual([]);
    const swapped = await found([manifest('/etc/kubernetes/pki/etcd', '/etc/kubernetes/pki')], pki.files);
    expect(swapped).toContain('error argument-file /m/etcd.yaml --trusted-ca-file');
  });

  test('does not see what is in none of its volumes', async () => {
    const codes = await found([manifest('/etc/kubernetes/pki/other', '/srv')], pki.files);
    // One directory is missing, and told of once.
    expect(codes).toEqual(['error argument-file-unmounted /m/etcd.yaml --trusted-ca-file']);
  });

  test('that is there twice in one directory runs twice', async () => {
    const one = manifest('/etc', '/etc');
    const both = [one, { ...one, path: '/m/etcd.yaml.bak' }];
    expect(await found(both, pki.files)).toEqual([
      'warning component-twice /m/etcd.yaml',
      'warning component-twice /m/etcd.yaml.bak',
    ]);
    expect(await found([one, { ...one, path: '/n/etcd.yaml' }], pki.files)).toEqual([]);
  });
});

test('the library holds components against what it audits', async () => {
  const texts = asArguments(all.filter(({ flag }) => flag !== '--tls-cert-file'));
  const { findings } = await verifyClusterPki({
    files: pki.files,
    components: await parseComponents(texts),
    at: NOW,
  });
  expect(findings).toMatchObject([
    {
      code: 'argument-missing',
      severity: 'error',
      row: 'apiserver',
      path: '/a',
      field: '--tls-cert-file',
      message:
        'kube-apiserver --tls-cert-file is not given: with half of the pair it does not start, without it shows one of its own making, which nobody can verify',
      expected: '/etc/kubernetes/pki/apiserver.crt',
    },
  ]);
});

test('what cannot be read, is not known or leads elsewhere is said, and judged no further', async () => {
  const text = (form: ComponentForm, path: string, contents: string): ComponentText => ({
    path,
    form,
    contents,
  });
  const texts = [
    text('manifest', '/m/a.yaml', '{'),
    text('arguments', '/k3s', 'k3s server'),
    text('unit', '/u/kubelet.service', '[Service]\nExecStart=/usr/bin/kubelet $KUBELET_ARGS\n'),
    text('unit', '/u/etcd.service', '[Service]\nExecStart=/usr/bin/etcd --config-file=/e\n'),
  ];
  expect(await found(texts, pki.files)).toEqual([
    'error component-unreadable /m/a.yaml',
    'notice component-unfollowed /u/kubelet.service',
    'notice component-unfollowed /u/etcd.service',
    'notice component-unknown /k3s',
  ]);
  const kubelet = JSON.stringify({ kind: 'KubeletConfiguration' });
  expect(await found([...texts.slice(2, 3), text('manifest', '/c', kubelet)], pki.files)).toEqual([
    'error argument-missing /c --client-ca-file',
  ]);
});

test('whatever an argument holds is judged, and none makes the checks throw', async () => {
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      '/',
      '',
      '.',
      '../..',
      '/etc/kubernetes/pki',
      '[',
      'https://[',
      'https://',
      '0/0',
      '::/0',
      ',',
    ),
  );
  const flags = [
    ...all.map(({ flag }) => flag),
    '--etcd-servers',
    '--advertise-address',
    '--listen-client-urls',
  ];
  flags.push('--service-cluster-ip-range', '--advertise-client-urls', '--initial-advertise-peer-urls');
  const flag = fc.record({ flag: fc.constantFrom(...flags), value });
  const { spec, evidence } = await verify(pki.files, NOW);
  fc.assert(
    fc.property(fc.constantFrom(...COMPONENTS), fc.array(flag), fc.boolean(), (component, given, isPod) => {
      const command = { path: '/a', program: component, component, flags: given, unfollowed: [] };
      const commands = [{ ...command, ...(isPod ? { mounts: [{ mountPath: '/etc' }] } : {}) }];
      const components = { commands, unreadable: [] };
      const findings = checkComponents({ components, spec, evidence, files: pki.files });
      expect(findings.every(({ message }) => message.length > 0)).toBe(true);
    }),
  );
});

/** The specification of a cluster that needs no key to be made. */
function specOfTable(): Parameters<typeof desiredArguments>[0] {
  return parseClusterSpec({ hostIp: '192.0.2.10', hostname: 'cp1' }, {}).spec;
}
