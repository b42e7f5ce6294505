import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { combineOptions } from '../../src/cluster/combine.ts';
import { parseConfiguration } from '../../src/cluster/config.ts';
import type { ClusterOptions } from '../../src/cluster/options.ts';
import { type ParsedRequest, parseRequest } from '../../src/cluster/parse.ts';
import { type EffectiveConfig, configText } from '../../src/report/config.ts';
import { legalOptions } from '../cluster/legal-options.ts';

const HOST = { host: { hostname: 'cp1' }, cwd: '/srv' };

function requestOf(options: ClusterOptions): ParsedRequest {
  return parseRequest(options, HOST);
}

/** What `show config` prints. */
async function printed(config: EffectiveConfig): Promise<string> {
  return `${(await configText(config)).join('\n')}\n`;
}

/** What is asked for by a text that `show config` has printed. */
async function readBack(text: string): Promise<EffectiveConfig> {
  const configuration = await parseConfiguration(text, 'c');
  const combined = combineOptions(configuration, {
    flags: {},
    ...HOST,
    standIns: {},
    withoutDirectories: false,
  });
  expect(combined.issues).toEqual([]);
  expect(configuration.notices).toEqual([]);
  const { spec, directories } = requestOf(combined.options);
  return { spec, directories, externalEtcd: configuration.externalEtcd };
}

async function expectSameAgain(config: EffectiveConfig): Promise<void> {
  const text = await printed(config);
  const again = await readBack(text);
  expect(again.spec).toEqual(config.spec);
  expect(again.directories).toEqual(config.directories);
  expect(await printed(again)).toBe(text);
}

// What kubeadm's own profile leaves to no option: one name, one algorithm, of those that it has.
const kubeadmOptions = fc
  .tuple(
    legalOptions,
    fc.constantFrom('RSA-2048' as const, 'RSA-4096' as const, 'ECDSA-P256' as const),
    fc.string(),
  )
  .map(([options, keyAlgorithm, clusterName]) => ({
    ...options,
    hostname: undefined,
    saKeyAlgorithm: undefined,
    profile: 'kubeadm' as const,
    kubernetesVersion: 'v1.36.1',
    keyAlgorithm,
    clusterName: clusterName.trim() === '' ? 'kubernetes' : clusterName.trim(),
  }));

describe('what show config prints', () => {
  test.each([
    ['any profile', legalOptions],
    ["kubeadm's profile, under any name", kubeadmOptions],
  ])('is read back as the same specification and text, in %s', async (_, arbitrary) => {
    const directories = fc.record({
      certDir: fc.constantFrom('/srv/pki', 'out/pki', '/etc/kubernetes/pki'),
      kubeconfigDir: fc.constantFrom('/srv', '/etc/kubernetes'),
      externalEtcd: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(arbitrary, directories, async (options, more) => {
        const none = { etcdServerCertExtraSans: undefined, etcdPeerCertExtraSans: undefined };
        const asked = Object.assign({}, options, more.externalEtcd ? none : {}, more);
        const { spec, directories: where } = requestOf(asked);
        await expectSameAgain({ spec, directories: where });
      }),
      { numRuns: 150 },
    );
  });

  test.each(['v1beta4', 'v1beta4-external-etcd', 'v1beta3'])(
    'of the file %s says all that it says of certificates',
    async (name) => {
      const config = await parseConfiguration(readFileSync(`fixtures/config/${name}.yaml`, 'utf8'), 'c');
      const { spec, directories } = requestOf(config.options);
      const { externalEtcd } = config;
      await expectSameAgain({ spec, directories, externalEtcd });
      expect((await readBack(await printed({ spec, directories, externalEtcd }))).externalEtcd).toEqual(
        externalEtcd,
      );
    },
  );
});
