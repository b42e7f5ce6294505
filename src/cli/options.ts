import type { Arguments, Argv, Options } from 'yargs';
import { type ClusterOptions, OPTIONS, type OptionRow } from '../cluster/options.ts';

/** What holds where an option is not given, by its name, where a command has a default of its own. */
export type OwnDefaults = Readonly<Record<string, string>>;

/** Of what reads what is there: where nobody says by which rules it was made, the files do. */
export const INFERRED: OwnDefaults = Object.freeze({
  profile: 'the one that the files fit best',
  'kubernetes-version': 'the one that the files fit best',
});

/**
 * A matter of its command alone: yargs would hand it on to those below, as `init phase`, which have what kubeadm has there.
 */
export const LOCAL = { global: false } as const;

function yargsOption(row: OptionRow, defaults: OwnDefaults): Options {
  const { describe } = row;
  const defaultText = defaults[row.name] ?? row.defaultText;
  const group = `${row.group}:`;
  if (row.valueName === undefined) return { ...LOCAL, type: 'boolean', describe, group };
  return {
    ...LOCAL,
    type: 'string',
    describe: `${describe}${defaultText === undefined ? '' : ` (default: ${defaultText})`}`,
    group,
    requiresArg: true,
    ...(row.isList === true ? { array: true } : {}),
  };
}

/** The flags that take no value. */
export const SWITCHES: readonly string[] = [
  ...OPTIONS.filter((row) => row.valueName === undefined).map((row) => row.name),
  'dry-run',
  'reissue',
  'keep-key',
  'list',
  'allow-early-clock',
  'live',
  'follow-links',
  'all',
  'exit-code',
  'timeline',
  'yes',
  'control-plane',
  'legacy',
  'debug',
];

/** Adds the cluster's options of these names, or all of them. */
export function addClusterOptions(parser: Argv, names?: readonly string[], defaults: OwnDefaults = {}): Argv {
  return OPTIONS.filter((row) => names === undefined || names.includes(row.name)).reduce(
    (own, row) => own.option(row.name, yargsOption(row, defaults)),
    parser,
  );
}

/** The cluster's options as they were given, by the names of the library; whether they make sense is not looked at. */
export function clusterOptionsOf(parsed: Arguments): ClusterOptions {
  const options: ClusterOptions = Object.fromEntries(OPTIONS.map(({ key, name }) => [key, parsed[name]]));
  return options;
}

/** The forms that data comes in. */
export function addOutputOption(parser: Argv, choices: readonly [string, ...string[]]): Argv {
  return parser.option('output', {
    ...LOCAL,
    alias: 'o',
    choices,
    default: choices[0],
    describe: 'form of the data on stdout',
    requiresArg: true,
  });
}

/** Adds `--config`. */
export function addConfigOption(parser: Argv): Argv {
  return parser.option('config', {
    ...LOCAL,
    type: 'string',
    describe:
      'configuration of kubeadm, v1beta3 or v1beta4, or - for stdin; flags beside it must not contradict it',
    requiresArg: true,
  });
}
