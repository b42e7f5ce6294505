import type { Arguments } from 'yargs';
import type { Configuration, ExternalEtcd } from '../cluster/config.ts';
import type { ClusterOptions } from '../cluster/options.ts';
import { PkiError, type SpecIssue } from '../errors.ts';
import { readHost } from './host.ts';
import { readSmallInput } from './interrupt.ts';
import { readText } from './named-file.ts';
import { clusterOptionsOf } from './options.ts';
import { printMessages } from './terminal.ts';
import { textOf } from './words.ts';

const MAXIMUM_BYTES = 1024 * 1024;

async function readStandardInput(): Promise<string> {
  return Buffer.from(await readSmallInput(MAXIMUM_BYTES)).toString('utf8');
}

/** What is asked for, by the flags and by the file of `--config` together. */
export interface AskedOptions {
  readonly options: ClusterOptions;
  readonly externalEtcd?: ExternalEtcd | undefined;
  readonly certificateKey?: string | undefined;
  /** Whether a configuration says that this is a control plane. */
  readonly isOfControlPlane: boolean;
  /** What is odd about the options, as of the file where they stand in it. */
  readonly place: (warnings: readonly SpecIssue[]) => readonly SpecIssue[];
}

export interface AskingOptions {
  /** Name and address of the host need not be given. */
  readonly isAnyHost?: boolean;
  /** Stand in where neither the file nor a flag says it, and are not among what comes out. */
  readonly standIns?: ClusterOptions;
  /** Where the flags, or a word, say where everything lies: what the file says of it is passed over. */
  readonly isElsewhere?: boolean;
  /** The directories are not looked at. */
  readonly withoutDirectories?: boolean;
}

const DIRECTORIES: readonly string[] = ['certDir', 'kubeconfigDir', 'rootCaDir'];

function elsewhere(configuration: Configuration): Configuration {
  const isOther = ([key]: readonly [string, unknown]): boolean => !DIRECTORIES.includes(key);
  return {
    ...configuration,
    options: Object.fromEntries(Object.entries(configuration.options).filter(isOther)),
    places: new Map([...configuration.places].filter(isOther)),
  };
}

/**
 * The cluster's options as they were given: by flags alone, whose values are not looked at then, or with a configuration.
 *
 * @throws {PkiError} `ERR_CONFIG` with everything that is wrong with the configuration and the flags beside it.
 */
export async function askedOptionsOf(parsed: Arguments, asking: AskingOptions = {}): Promise<AskedOptions> {
  const flags = clusterOptionsOf(parsed);
  const path = textOf(parsed, 'config');
  if (path === undefined) return { options: flags, isOfControlPlane: false, place: (warnings) => warnings };
  if (path === '-' && parsed['dir'] === '-')
    throw new PkiError('ERR_USAGE', '--config and the directory cannot both be on stdin', { detail: {} });
  // Only whoever gives a configuration waits for what reads it.
  const { parseConfiguration } = await import('../cluster/config.ts');
  const { combineOptions, placeWarnings } = await import('../cluster/combine.ts');
  const text = path === '-' ? await readStandardInput() : readText(path, 'config', MAXIMUM_BYTES);
  const whole = await parseConfiguration(text, path === '-' ? 'stdin' : path);
  const configuration = asking.isElsewhere === true ? elsewhere(whole) : whole;
  const { options, issues } = combineOptions(configuration, {
    flags,
    host: asking.isAnyHost === true ? { hostname: 'host' } : readHost(),
    cwd: process.cwd(),
    standIns: { ...(asking.isAnyHost === true ? { hostIp: '192.0.2.1' } : {}), ...asking.standIns },
    withoutDirectories: asking.withoutDirectories === true,
  });
  if (issues.length > 0) {
    const [first] = issues;
    throw new PkiError('ERR_CONFIG', `--${first?.option}: ${first?.rule}`, { detail: { issues } });
  }
  printMessages(configuration.notices.map((sentence) => `notice: ${configuration.name}: ${sentence}`));
  return {
    options,
    externalEtcd: configuration.externalEtcd,
    certificateKey: configuration.certificateKey,
    isOfControlPlane: configuration.isOfControlPlane,
    place: (warnings) => placeWarnings(configuration, flags, warnings),
  };
}
