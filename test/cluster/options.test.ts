import { describe, expect, test } from '@jest/globals';
import { type ClusterOptions, OPTIONS, type OptionKey } from '../../src/cluster/options.ts';
import { parseClusterSpec, parseRequest } from '../../src/cluster/parse.ts';
import { HOST, issuesOf, issuesWith, specWith } from './outcome.ts';

// The compiler sees to it that none is missing here.
const KEYS: Record<OptionKey, true> = {
  hostIp: true,
  hostname: true,
  nodeName: true,
  apiserverAdvertiseAddress: true,
  apiserverBindPort: true,
  controlPlaneEndpoint: true,
  apiserverCertExtraSans: true,
  etcdServerCertExtraSans: true,
  etcdPeerCertExtraSans: true,
  serviceCidr: true,
  serviceDnsDomain: true,
  clusterName: true,
  externalEtcd: true,
  keyAlgorithm: true,
  saKeyAlgorithm: true,
  certValidity: true,
  caValidity: true,
  notBeforeSkew: true,
  rootCa: true,
  profile: true,
  kubernetesVersion: true,
  certDir: true,
  kubeconfigDir: true,
  rootCaDir: true,
};

describe('the table of options', () => {
  test('has a row for every option of the library and no other', () => {
    expect(OPTIONS.map((row) => row.key).toSorted()).toEqual(Object.keys(KEYS).toSorted());
  });

  test.each(OPTIONS)('spells $name alike on the command line and in the library', ({ name, key }) => {
    expect(name.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())).toBe(key);
  });

  test.each(OPTIONS)('describes $name in one line', ({ describe: text }) => {
    expect(text).toMatch(/^[^\n]{10,110}[^.\n]$/);
  });

  test.each([
    'apiserverBindPort',
    'serviceCidr',
    'serviceDnsDomain',
    'keyAlgorithm',
    'certValidity',
    'caValidity',
    'notBeforeSkew',
    'profile',
    'kubernetesVersion',
  ])('states the default of %s that holds', (key) => {
    const defaultText = OPTIONS.find((row) => row.key === key)?.defaultText;
    expect(specWith({ [key]: defaultText })).toEqual(specWith({}));
  });

  test('states the default of cert-dir that holds', () => {
    const where = { host: HOST, cwd: '/srv' };
    const certDir = OPTIONS.find((row) => row.key === 'certDir')?.defaultText;
    const { directories } = parseRequest({ hostIp: '10.0.0.5', certDir }, where);
    expect(parseRequest({ hostIp: '10.0.0.5' }, where).directories).toEqual(directories);
  });

  test('is frozen to its leaves', () => {
    expect(OPTIONS.every((row) => Object.isFrozen(row)) && Object.isFrozen(OPTIONS)).toBe(true);
  });
});

describe('options as they come', () => {
  test.each([
    ['by comma', '10.0.0.5,10.0.0.6'],
    ['by repeating', ['10.0.0.5', '10.0.0.6']],
    ['by both, with repetitions', ['10.0.0.5,10.0.0.6', '10.0.0.5']],
  ])('takes a list %s', (_, hostIp) => {
    expect(specWith({ hostIp }).hostAddresses).toEqual(['10.0.0.5', '10.0.0.6']);
  });

  test.each([
    ['host-ip', { hostIp: 'a,,b' }],
    ['host-ip', { hostIp: '10.0.0.5,' }],
    ['host-ip', { hostIp: ',10.0.0.5' }],
    ['host-ip', { hostIp: '' }],
    ['host-ip', { hostIp: ['10.0.0.5', ''] }],
    ['host-ip', { hostIp: '10.0.0.5, ,10.0.0.6' }],
  ])('refuses an empty element in --%s %j', (option, options) => {
    expect(issuesWith(options)).toEqual([
      expect.objectContaining({ option, rule: 'must not have an empty element' }),
    ]);
  });

  test.each(OPTIONS.filter((row) => row.valueName !== undefined && row.isList !== true))(
    'refuses an empty --$name',
    ({ name, key }) => {
      const where = { host: HOST, cwd: '/srv' };
      const issues = issuesOf(() => parseRequest({ hostIp: '10.0.0.5', rootCa: true, [key]: '' }, where));
      expect(issues).toEqual([
        { option: name, value: '', rule: 'must not be empty', hint: `leave --${name} out` },
      ]);
    },
  );

  test.each([
    ['service-dns-domain', ' cluster.local', 'did you mean cluster.local'],
    ['node-name', 'cp1\n', 'did you mean cp1'],
    ['host-ip', '10.0.0.5, 10.0.0.6', 'did you mean 10.0.0.6'],
  ])('refuses white space around the value of --%s %j', (option, value, hint) => {
    const key = OPTIONS.find((row) => row.name === option)?.key ?? '';
    expect(issuesWith({ [key]: value })).toEqual([
      { option, value, rule: 'must not have white space around it', hint },
    ]);
  });

  test.each([
    ['hostIP', 'hostIp'],
    ['host-ip', 'hostIp'],
    ['hostname_', 'hostname'],
    ['servicecidr', 'serviceCidr'],
    ['etcd-server-cert-extra-sans', 'etcdServerCertExtraSans'],
    ['keyAlgoritm', 'keyAlgorithm'],
  ])('refuses the unknown option %s and names %s', (key, meant) => {
    expect(issuesWith({ [key]: 'x' })).toEqual([
      { option: key, rule: 'is no option', hint: `did you mean ${meant}` },
    ]);
  });

  test.each(['colour', '__proto__', 'constructor', 'toString'])('refuses the unknown option %s', (key) => {
    const options: ClusterOptions = JSON.parse(`{ "hostIp": "10.0.0.5", "${key}": "x" }`);
    expect(issuesOf(() => parseClusterSpec(options, HOST))).toEqual([{ option: key, rule: 'is no option' }]);
  });

  test.each([
    ['host-ip', { hostIp: 10 }, 'must be a string or a list of strings'],
    ['host-ip', { hostIp: [10] }, 'must be a string or a list of strings'],
    ['host-ip', { hostIp: null }, 'must be a string or a list of strings'],
    ['kubernetes-version', { kubernetesVersion: 1.3 }, 'must be a string'],
    ['cluster-name', { clusterName: { toString: null } }, 'must be a string'],
    ['cluster-name', { clusterName: Symbol('x') }, 'must be a string'],
    ['cluster-name', { clusterName: ['a', 'b'] }, 'must be given once, and as one value'],
    ['external-etcd', { externalEtcd: 'true' }, 'must be true or false, and given once'],
    ['root-ca', { rootCa: [true, true] }, 'must be true or false, and given once'],
    ['apiserver-bind-port', { apiserverBindPort: Number.NaN }, 'must be a port from 1 to 65535'],
    ['apiserver-bind-port', { apiserverBindPort: true }, 'must be a string'],
  ])('refuses --%s of a wrong type: %p', (option, options, rule) => {
    expect(issuesWith(options)).toEqual([expect.objectContaining({ option, rule })]);
  });

  test.each([[undefined], [null], ['--host-ip'], [['hostIp']], [7]])('refuses %j as options', (options) => {
    const issues = issuesOf(() => Reflect.apply(parseClusterSpec, undefined, [options, HOST]));
    expect(issues[0]).toEqual(expect.objectContaining({ option: 'options', rule: 'must be an object' }));
  });

  test('takes what is undefined and an empty list as not given', () => {
    expect(specWith({ clusterName: undefined, serviceCidr: [], rootCa: undefined })).toEqual(specWith({}));
  });

  test('takes a port as a number and as text', () => {
    expect(specWith({ apiserverBindPort: 8443 })).toEqual(specWith({ apiserverBindPort: '8443' }));
  });
});
