import { combineOptions } from '../cluster/combine.ts';
import { parseConfiguration } from '../cluster/config.ts';
import type { ClusterOptions } from '../cluster/options.ts';
import { assertNone } from './assert.ts';

/** What a configuration of kubeadm asks for. */
export interface KubeadmConfig {
  /** As `generateClusterPki` and `verifyClusterPki` take them; of the directories only the first does. */
  readonly options: ClusterOptions;
  /** What is odd about it, a sentence each. */
  readonly notices: readonly string[];
}

/**
 * Reads the configuration that `kubeadm init --config` takes, v1beta3 or v1beta4, several documents in one text, and our own
 * document beside them, as `k8s-pki show config` prints it. The profile is `kubeadm` unless it says otherwise. The address of
 * the host is asked for where it is not there: none is looked up.
 *
 * @param name What the text is called in issues.
 * @throws {PkiError} `ERR_CONFIG` with everything that is wrong, each issue with its line and column.
 *
 * @example
 * ```ts
 * import { readFileSync } from 'node:fs';
 * import { generateClusterPki, parseKubeadmConfig } from 'k8s-pki';
 *
 * const { options } = await parseKubeadmConfig(readFileSync('kubeadm.yaml', 'utf8'));
 * const pki = await generateClusterPki({ hostname: 'cp1', ...options });
 * ```
 */
export async function parseKubeadmConfig(text: string, name = 'configuration'): Promise<KubeadmConfig> {
  const configuration = await parseConfiguration(text, name);
  const { options, issues } = combineOptions(configuration, {
    flags: {},
    host: { hostname: 'host' },
    cwd: '/',
    standIns: { hostIp: '192.0.2.1' },
    withoutDirectories: true,
  });
  assertNone(issues);
  return { options, notices: configuration.notices };
}
