import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { type Combined, combineOptions } from '../../src/cluster/combine.ts';
import { parseConfiguration } from '../../src/cluster/config.ts';
import { FIELD_TYPES } from '../../src/cluster/kubeadm-types.ts';
import { CONFIG_FIELDS } from '../../src/cluster/config-fields.ts';
import type { ClusterOptions } from '../../src/cluster/options.ts';
import { parseClusterSpec } from '../../src/cluster/parse.ts';
import type { ClusterSpec } from '../../src/cluster/spec.ts';
import { isPkiError, parseKubeadmConfig, type SpecIssue } from '../../src/index.ts';

const FIXTURES = resolve('fixtures/config');
const fixture = (name: string): string => readFileSync(join(FIXTURES, `${name}.yaml`), 'utf8');

const CLUSTER = 'apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\n';
const INIT = 'apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\n';
const OWN = 'apiVersion: k8s-pki.dev/v1\nkind: PkiConfiguration\n';

async function combine(text: string, flags: ClusterOptions = {}): Promise<Combined> {
  return combineOptions(await parseConfiguration(text, 'c'), {
    flags,
    host: { hostname: 'cp1' },
    cwd: '/srv',
    standIns: { hostIp: '192.0.2.1' },
    withoutDirectories: false,
  });
}

async function specOf(text: string, flags: ClusterOptions = {}): Promise<ClusterSpec> {
  const { options, issues } = await combine(text, flags);
  expect(issues).toEqual([]);
  return parseClusterSpec({ hostIp: '192.0.2.1', ...options }, { hostname: 'cp1' }).spec;
}

const issueText = ({ option, value, line, column, rule }: SpecIssue): string =>
  line === undefined ? `--${option} ${value}: ${rule}` : `${line}:${column} ${rule}`;

/** `line:column rule` of each issue. */
async function issuesOf(text: string, flags: ClusterOptions = {}): Promise<readonly string[]> {
  return (await combine(text, flags)).issues.map(issueText);
}

async function noticesOf(text: string): Promise<readonly string[]> {
  return (await parseConfiguration(text, 'c')).notices;
}

describe('a configuration with every field', () => {
  test('of v1beta4 becomes the specification that it describes', async () => {
    expect(await specOf(fixture('v1beta4'))).toMatchObject({
      profile: 'kubeadm',
      kubernetesVersion: { text: 'v1.37.2' },
      hostAddresses: ['192.0.2.10'],
      advertiseAddress: '192.0.2.10',
      bindPort: 7443,
      hostname: 'cp1',
      nodeName: 'cp1',
      controlPlaneEndpoint: { host: 'lb.example.com', port: 8443 },
      apiserverExtraSans: ['api.example.com', '*.api.example.com', '198.51.100.7', '2001:db8::7'].map(
        (value) => ({ value }),
      ),
      etcdServerExtraSans: [{ value: 'etcd.example.com' }, { value: '198.51.100.8' }],
      etcdPeerExtraSans: [{ value: 'peer.example.com' }, { value: '2001:db8::8' }],
      serviceCidrs: [{ address: '10.97.0.0' }, { address: 'fd00:10:97::' }],
      serviceDnsDomain: 'corp.example',
      clusterName: 'east',
      keyAlgorithm: 'ECDSA-P384',
      saKeyAlgorithm: 'ECDSA-P384',
      certValiditySeconds: 4380 * 3600 + 30 * 60,
      caValiditySeconds: 43_800 * 3600,
      etcd: 'stacked',
      rootCa: 'none',
    });
  });

  test('of v1beta3 has its gate for the algorithm and no say in validity', async () => {
    expect(await specOf(fixture('v1beta3'))).toMatchObject({
      kubernetesVersion: { text: 'v1.30.4' },
      bindPort: 443,
      controlPlaneEndpoint: { host: '198.51.100.1' },
      serviceCidrs: [{ address: '10.97.3.0', prefixLength: 24 }],
      clusterName: 'west',
      keyAlgorithm: 'ECDSA-P256',
      certValiditySeconds: 365 * 86_400,
    });
  });

  test('may describe an etcd that is elsewhere', async () => {
    const { options, externalEtcd } = await parseConfiguration(fixture('v1beta4-external-etcd'), 'c');
    expect(options.externalEtcd).toBe(true);
    expect(externalEtcd).toEqual({
      endpoints: ['https://192.0.2.21:2379', 'https://192.0.2.22:2379'],
      httpEndpoints: ['http://192.0.2.21:2381'],
      caFile: '/etc/etcd/ca.crt',
      certFile: '/etc/etcd/client.crt',
      keyFile: '/etc/etcd/client.key',
    });
  });

  test('that joins a control plane describes this host', async () => {
    const text = `${fixture('v1beta4-join')}---\n${CLUSTER}clusterName: east\n`;
    expect(await specOf(text)).toMatchObject({
      nodeName: 'cp2',
      advertiseAddress: '192.0.2.11',
      bindPort: 7443,
      clusterName: 'east',
    });
  });

  test('is all that there is: the files set every field that is known', () => {
    const seen = new Set<string>();
    const look = (value: unknown, type: string, version: string): void => {
      if (typeof value !== 'object' || value === null) return;
      const [, of] = /^(?:\[\]|map\[string\])(.+)$/.exec(type) ?? [];
      if (of !== undefined) Object.values(value).forEach((item) => look(item, of, version));
      for (const [name, field] of Object.entries(value)) {
        const own = FIELD_TYPES[type]?.[name];
        if (own === undefined) continue;
        seen.add(`${type}.${name}`);
        const table: Readonly<Record<string, string | undefined>> = typeof own === 'object' ? own : {};
        look(field, typeof own === 'string' ? own : (table[version] ?? ''), version);
      }
    };
    for (const file of readdirSync(FIXTURES).filter((name) => name.endsWith('.yaml')))
      for (const document of parseAllDocuments(readFileSync(join(FIXTURES, file), 'utf8'))) {
        const value = document.toJS();
        look(value, value.kind, value.apiVersion.replace(/^.*\//, ''));
      }
    const all = Object.entries(FIELD_TYPES)
      .filter(([type]) => type !== 'PkiConfiguration')
      .flatMap(([type, fields]) => Object.keys(fields).map((name) => `${type}.${name}`));
    // kubeadm refuses the first beside the ttl that it fills in itself; the second is of v1 alone.
    const exceptions = ['BootstrapToken.expires', 'Arg.mergeMethod'];
    expect(all.filter((field) => !seen.has(field))).toEqual(exceptions);
  });

  test('has each field of the table among those that are known', () => {
    const isKnown = (type: string, [name = '', ...rest]: readonly string[]): boolean => {
      const field = FIELD_TYPES[type]?.[name];
      const own = typeof field === 'object' ? field.v1beta4 : field;
      return own !== undefined && (rest.length === 0 || isKnown(own, rest));
    };
    expect(CONFIG_FIELDS.filter(({ kind, path }) => !isKnown(kind, path))).toEqual([]);
  });
});

describe('what is left out', () => {
  test('has the defaults of kubeadm', async () => {
    expect(await specOf(`${CLUSTER}---\n${INIT}`)).toEqual(
      parseClusterSpec({ profile: 'kubeadm', hostIp: '192.0.2.1' }, { hostname: 'cp1' }).spec,
    );
  });

  test('counts as left out where it is empty, as in Go', async () => {
    const text = `${CLUSTER}clusterName: ""\ncertificatesDir: ""\napiServer: {certSANs: []}\netcd:\n---\n${INIT}localAPIEndpoint: {bindPort: 0, advertiseAddress: ""}\n`;
    const { options } = await combine(text);
    expect(options).toEqual({ profile: 'kubeadm', keyAlgorithm: 'RSA-2048', clusterName: 'kubernetes' });
  });

  test('comes from flags', async () => {
    const spec = await specOf(CLUSTER, { hostIp: '192.0.2.7', nodeName: 'cp7', keyAlgorithm: 'RSA-3072' });
    expect(spec).toMatchObject({ hostAddresses: ['192.0.2.7'], nodeName: 'cp7', keyAlgorithm: 'RSA-3072' });
  });

  test('is the profile, which a flag or our own document can say', async () => {
    expect((await specOf(CLUSTER, { profile: 'hardened' })).profile).toBe('hardened');
    expect((await specOf(`${CLUSTER}---\n${OWN}profile: hardened\n`)).profile).toBe('hardened');
    expect((await specOf(OWN)).profile).toBe('requirements');
  });
});

describe('what is wrong', () => {
  test('is said all at once, with line and column', async () => {
    const text = `${CLUSTER}clusterNam: x
networking:
  dnsDomain: a b
  serviceSubnet: 10.96.0.0/33
  serviceSubnet: 10.96.0.0/34
apiServer:
  certSANs:
  - fine.example.com
  - not_fine
  - a.example,b.example
  extraArgs: {v: "2"}
certificatesDir: pki
certificateValidityPeriod: 365d
featureGates:
  PublicKeyECDSA: true
---
${INIT}nodeRegistration:
  name: [cp1]
localAPIEndpoint:
  advertiseAddress: 127.0.0.1
  bindPort: "6443"
`;
    expect(await issuesOf(text)).toEqual([
      '3:1 clusterNam is no field that there is',
      '5:3 networking.dnsDomain "a b": must be a DNS name (RFC 1123 subdomain)',
      '7:3 has a field twice',
      '7:3 networking.serviceSubnet "10.96.0.0/34": must be a network in CIDR notation',
      '11:5 apiServer.certSANs "not_fine": must be an IP address, a DNS name or a wildcard DNS name',
      '12:5 apiServer.certSANs[2] "a.example,b.example": must be one name',
      '13:3 apiServer.extraArgs must be a list',
      '14:1 certificatesDir "pki": must be an absolute path',
      '15:1 certificateValidityPeriod must be a period as Go writes it',
      '17:3 featureGates.PublicKeyECDSA is no feature gate of kubeadm',
      '22:3 nodeRegistration.name must be text',
      '24:3 localAPIEndpoint.advertiseAddress "127.0.0.1": is a loopback address, for which kubeadm looks up another; that is not done here',
      '25:3 localAPIEndpoint.bindPort must be a whole number',
    ]);
  });

  test.each([
    [
      'a number where text is wanted',
      `${CLUSTER}kubernetesVersion: 1.36\n`,
      '3:1 kubernetesVersion must be text',
    ],
    [
      'a label for a release',
      `${CLUSTER}kubernetesVersion: stable-1\n`,
      '3:1 kubernetesVersion "stable-1": is a label, which only the network can tell the release of',
    ],
    [
      'a field of another version',
      `${CLUSTER.replace('v1beta4', 'v1beta3')}encryptionAlgorithm: RSA-2048\n`,
      '3:1 encryptionAlgorithm is no field of v1beta3',
    ],
    [
      'arguments of another version',
      `${CLUSTER}scheduler: {extraArgs: {v: "2"}}\n`,
      '3:13 scheduler.extraArgs must be a list',
    ],
    [
      'an argument without a name',
      `${CLUSTER}scheduler: {extraArgs: [{value: "2"}]}\n`,
      '3:25 scheduler.extraArgs[0] must have a name',
    ],
    [
      'an algorithm that kubeadm does not have',
      `${CLUSTER}encryptionAlgorithm: Ed25519\n`,
      '3:1 encryptionAlgorithm "Ed25519": must be RSA-2048, RSA-3072, RSA-4096, ECDSA-P256 or ECDSA-P384',
    ],
    [
      'an algorithm that this release does not have',
      `${CLUSTER}kubernetesVersion: v1.31.0\nencryptionAlgorithm: ECDSA-P384\n`,
      '4:1 encryptionAlgorithm "ECDSA-P384": must be one that kubeadm v1.31.0 has, in the kubeadm profile',
    ],
    [
      'a gate that is gone',
      `${CLUSTER}kubernetesVersion: v1.37.0\nfeatureGates: {PublicKeysECDSA: true}\n`,
      '4:16 featureGates.PublicKeysECDSA is no feature gate of kubeadm 1.37 and later',
    ],
    [
      'a period of fractions',
      `${CLUSTER}certificateValidityPeriod: 1h500ms\n`,
      '3:1 certificateValidityPeriod "1h500ms": must be a period of whole seconds',
    ],
    [
      'a period that is none',
      `${CLUSTER}certificateValidityPeriod: 0h\n`,
      '3:1 certificateValidityPeriod "0s": must be from 1m to 1000y',
    ],
    [
      'a relative path',
      `${CLUSTER}etcd: {local: {dataDir: etcd}}\n`,
      '3:16 etcd.local.dataDir "etcd": must be an absolute path',
    ],
    [
      'an etcd here and elsewhere',
      `${CLUSTER}etcd: {local: {}, external: {endpoints: ["http://a:1"]}}\n`,
      '3:19 etcd.external must not stand beside etcd.local',
    ],
    [
      'an etcd without endpoints',
      `${CLUSTER}etcd: {external: {caFile: /ca.crt}}\n`,
      '3:8 etcd.external must have endpoints',
    ],
    [
      'an etcd over plain HTTP with a CA',
      `${CLUSTER}etcd: {external: {endpoints: ["http://a:1"], caFile: /ca.crt}}\n`,
      '3:31 etcd.external.endpoints[0] must be https, since caFile, certFile or keyFile is given',
    ],
    [
      'an endpoint without a scheme',
      `${CLUSTER}etcd: {external: {endpoints: ["a:2379"]}}\n`,
      '3:31 etcd.external.endpoints[0] must be a URL with a scheme',
    ],
    [
      'a certificate without its key',
      `${CLUSTER}etcd: {external: {endpoints: ["https://a:1"], caFile: /a, certFile: /b}}\n`,
      '3:8 etcd.external must have both certFile and keyFile, or neither',
    ],
    [
      'a pair without a CA',
      `${CLUSTER}etcd: {external: {endpoints: ["https://a:1"], certFile: /b, keyFile: /c}}\n`,
      '3:8 etcd.external must have caFile beside certFile and keyFile',
    ],
    [
      'a certificate key that is short',
      `${INIT}certificateKey: c0ffee\n`,
      '3:1 certificateKey must be 32 bytes in hex',
    ],
    [
      'a CA path that is none',
      `apiVersion: kubeadm.k8s.io/v1beta4\nkind: JoinConfiguration\ncaCertPath: /ca.pem\ncontrolPlane: {}\n`,
      '3:1 caCertPath "/ca.pem": must be an absolute path that ends in .crt',
    ],
    [
      'a version that is gone',
      CLUSTER.replace('v1beta4', 'v1beta2'),
      '1:1 apiVersion "kubeadm.k8s.io/v1beta2" is no version that is read here',
    ],
    [
      'a version that never was',
      CLUSTER.replace('v1beta4', 'v1beta5'),
      '1:1 apiVersion "kubeadm.k8s.io/v1beta5" is no version that is read here',
    ],
    [
      'a kind that is not known',
      CLUSTER.replace('Cluster', 'Clutter'),
      '2:1 kind "ClutterConfiguration" is no kind that there is',
    ],
    [
      'another program',
      `apiVersion: v1\nkind: ConfigMap\n`,
      '1:1 apiVersion "v1" is no version that is read here',
    ],
    ['a document without a kind', `${CLUSTER}---\na: b\n`, '4:1 must have apiVersion and kind'],
    ['a kind twice', `${CLUSTER}---\n${CLUSTER}`, '5:1 kind ClusterConfiguration is there twice'],
    ['nothing', '\n', '1:1 has neither a ClusterConfiguration nor an InitConfiguration'],
    ['no YAML', `${CLUSTER}a: [\n`, '4:1 is not YAML'],
    [
      'a tab',
      `${CLUSTER}networking:\n\tdnsDomain: a\n`,
      '4:1 is indented with a tab, where YAML takes spaces alone',
    ],
    [
      'two documents that disagree',
      `${CLUSTER}encryptionAlgorithm: RSA-3072\n---\n${OWN}keyAlgorithm: Ed25519\n`,
      '7:1 keyAlgorithm contradicts encryptionAlgorithm in line 3',
    ],
  ])('like %s, has its place', async (_, text, issue) => {
    expect(await issuesOf(text)).toContain(issue);
  });

  test('never shows a certificate key or a token', async () => {
    const secret = 'c0ffeec0ffee';
    const text = `${INIT}certificateKey: ${secret}\nbootstrapTokens: [{token: [${secret}], tokn: ${secret}}]\n`;
    const { issues } = await combine(text);
    expect(issues.map(issueText)).toHaveLength(3);
    expect(JSON.stringify(issues)).not.toContain(secret);
  });

  test('comes from the library as an error with all of it', async () => {
    const error: unknown = await parseKubeadmConfig(`${CLUSTER}a: b\nclusterName: 1\n`).catch(
      (reason) => reason,
    );
    expect(isPkiError(error, 'ERR_CONFIG') && error.detail.issues).toMatchObject([
      { option: 'config', value: 'configuration', line: 3, column: 1 },
      { option: 'config', value: 'configuration', line: 4, column: 1 },
    ]);
  });
});

describe('a flag beside a configuration', () => {
  const text = `${CLUSTER}networking: {serviceSubnet: 10.96.3.7/16}\ncertificatesDir: /srv/pki\netcd: {local: {}}\n---\n${INIT}localAPIEndpoint: {advertiseAddress: 192.0.2.10}\n`;

  test.each<ClusterOptions>([
    { serviceCidr: '10.96.0.0/16' },
    { certDir: 'pki' },
    { apiserverAdvertiseAddress: '::ffff:192.0.2.10' },
    { hostIp: ['192.0.2.10', '2001:db8::10'] },
    { externalEtcd: false },
  ])('may say the same or something else: %j', async (flags) => {
    expect(await issuesOf(text, flags)).toEqual([]);
  });

  test.each<[ClusterOptions, string]>([
    [
      { serviceCidr: '10.97.0.0/16' },
      '--service-cidr 10.97.0.0/16: contradicts networking.serviceSubnet "10.96.3.7/16" of c, line 3, column 14',
    ],
    [
      { certDir: '/other/pki' },
      '--cert-dir /other/pki: contradicts certificatesDir "/srv/pki" of c, line 4, column 1',
    ],
    [
      { apiserverAdvertiseAddress: '192.0.2.11' },
      '--apiserver-advertise-address 192.0.2.11: contradicts localAPIEndpoint.advertiseAddress "192.0.2.10" of c, line 9, column 20',
    ],
    [
      { externalEtcd: true },
      '--external-etcd undefined: contradicts etcd.local false of c, line 5, column 8',
    ],
  ])('that contradicts it is refused, naming both: %j', async (flags, issue) => {
    expect(await issuesOf(text, flags)).toEqual([issue]);
  });

  test('is held against the words of the file, not what they come to', async () => {
    expect(await issuesOf(`${CLUSTER}certificateValidityPeriod: 100h\n`, { certValidity: '200h' })).toEqual([
      expect.stringContaining('contradicts certificateValidityPeriod "100h" of c, line 3'),
    ]);
  });

  test('that is wrong is an issue of the flag', async () => {
    expect(
      await issuesOf(`${CLUSTER}clusterName: x\n`, { bogus: 1, nodeName: 'a b' } as ClusterOptions),
    ).toEqual([
      '--bogus undefined: is no option',
      '--node-name a b: must be a DNS name (RFC 1123 subdomain)',
    ]);
  });
});

describe('what is odd', () => {
  test.each([
    [
      CLUSTER.replace('v1beta4', 'v1'),
      'kubeadm.k8s.io/v1 is read as v1beta4; no kubeadm up to 1.37 takes it without asking',
    ],
    [
      `${CLUSTER.replace('v1beta4', 'v1beta3')}kubernetesVersion: v1.37.2\n`,
      'kubeadm v1.37.2 does not read kubeadm.k8s.io/v1beta3: kubeadm config migrate of 1.36 writes v1beta4',
    ],
    [
      `${CLUSTER}encryptionAlgorithm: RSA-4096\nfeatureGates: {PublicKeysECDSA: false}\n`,
      'featureGates.PublicKeysECDSA makes the keys RSA-2048, whatever encryptionAlgorithm says',
    ],
    [
      fixture('v1beta3-join'),
      'JoinConfiguration without controlPlane is for a worker, which has no PKI of its own',
    ],
  ])('is a notice', async (text, notice) => {
    expect(await noticesOf(text)).toEqual([notice]);
  });

  test('is nothing of the usual', async () => {
    for (const name of ['v1beta4', 'v1beta3', 'v1beta4-external-etcd', 'v1beta4-join'])
      expect(await noticesOf(fixture(name))).toEqual([]);
  });

  test('is not that other kinds of document are passed over', async () => {
    const other = 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nanything: [goes]\n';
    const reset = 'apiVersion: kubeadm.k8s.io/v1beta4\nkind: ResetConfiguration\nforce: true\n';
    expect(await issuesOf(`${other}---\n${CLUSTER}---\n${reset}`)).toEqual([]);
    expect(await noticesOf(`${other}---\n${CLUSTER}---\n${reset}`)).toEqual([]);
  });

  test('is that a document of others is passed over, as kubeadm does', async () => {
    const other = 'apiVersion: cilium.io/v2\nkind: CiliumConfig\nanything: [goes]\n';
    const text = `${CLUSTER}---\n${other}`;
    expect(await issuesOf(text)).toEqual([]);
    expect(await noticesOf(text)).toEqual(['"CiliumConfig" of "cilium.io/v2" in line 5 is passed over']);
    // What is read here is none of others, no group of kubeadm has other kinds, and neither is anything else with a typing error.
    for (const [apiVersion, kind] of [
      ['kubadm.k8s.io/v1beta4', 'InitConfiguration'],
      ['kubeadm.k8s.io/v1beta4', 'CiliumConfig'],
      ['kubelet.config.k8s.io/v1beta1', 'CiliumConfig'],
      ['kubeadm.k8s.o/v1beta4', 'ClusterConfiguraton'],
      ['Kubeadm.k8s.io/v1beta4', 'clusterConfiguration'],
      ['k8s-pki.io/v1', 'PKIConfiguration'],
      ['example.com/v1', 'JoinConfigurations'],
      ['k8s-pki.de/v1', 'Policy'],
    ])
      expect(await issuesOf(`${CLUSTER}---\napiVersion: ${apiVersion}\nkind: ${kind}\n`)).toHaveLength(1);
  });
});
