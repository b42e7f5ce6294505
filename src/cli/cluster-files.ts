import type { Arguments } from 'yargs';
import type { ClusterOptions } from '../cluster/options.ts';
import type { Source } from '../sources/source.ts';
import { askedOptionsOf } from './config.ts';
import { stopping } from './interrupt.ts';
import { readSource } from '../library/source.ts';
import { printMessages } from './terminal.ts';
import { textOf } from './words.ts';

/** The files of a cluster, and what was said of it beside them. */
export interface ClusterFiles {
  readonly source: Source;
  /** Without the directories. */
  readonly options: ClusterOptions;
  /** Whether they are all there is to say of it: those of a configuration are. */
  readonly isWhole: boolean;
}

/** Reads the files of the cluster that the flags, a configuration or a word name. Changes nothing. */
export async function readCluster(parsed: Arguments): Promise<ClusterFiles> {
  const dir = textOf(parsed, 'dir');
  const asked = await askedOptionsOf(parsed, {
    isAnyHost: true,
    isElsewhere: dir !== undefined,
    withoutDirectories: true,
  });
  const { certDir, kubeconfigDir, rootCaDir, ...options } = asked.options;
  const source = await readSource(dir, {
    certDir,
    kubeconfigDir,
    rootCaDir,
    secretsOf: textOf(parsed, 'secrets-of'),
    signal: stopping.signal,
    // What no word names is this host's own.
    followsLinks: dir === undefined || parsed['follow-links'] === true,
  });
  printMessages(source.notices.map((text) => `notice: ${text}`));
  return { source, options, isWhole: parsed['config'] !== undefined };
}
