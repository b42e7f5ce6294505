import type { Argv } from 'yargs';
import { USUAL_DIRECTORIES } from '../layout.ts';
import { rowsOfPhase, WHOLE_PHASE } from '../resolve/phases.ts';
import type { Phase, Row } from '../table/row.ts';
import { addClusterOptions, addConfigOption, addOutputOption } from './options.ts';

/** Flags that every part of a phase has, as in kubeadm (kubeadm.md 3.6, 2.5). */
const COMMON: Readonly<Record<Phase, readonly string[]>> = {
  certs: ['kubernetes-version', 'cert-dir'],
  kubeconfig: [
    'apiserver-advertise-address',
    'apiserver-bind-port',
    'control-plane-endpoint',
    'kubernetes-version',
    'cert-dir',
    'kubeconfig-dir',
  ],
};

/** Flags that a part has for which they mean something. */
const PARTICULAR: readonly {
  readonly phase: Phase;
  readonly flags: readonly string[];
  readonly isFor: (row: Row) => boolean;
}[] = [
  {
    phase: 'certs',
    flags: [
      'apiserver-advertise-address',
      'apiserver-cert-extra-sans',
      'control-plane-endpoint',
      'service-cidr',
      'service-dns-domain',
    ],
    isFor: (row) => row.kind === 'certificate' && JSON.stringify(row.sans).includes('apiserverExtraSans'),
  },
  {
    phase: 'kubeconfig',
    flags: ['node-name'],
    isFor: (row) => row.kind === 'kubeconfig' && JSON.stringify(row.commonName).includes('{nodeName}'),
  },
];

/** What each phase makes, in words. */
export const PHASE_TITLES: Readonly<Record<Phase, string>> = {
  certs: 'CAs, certificates and the service account key pair, or one of them',
  kubeconfig: 'the kubeconfigs, or one of them',
};

/** Where kubeadm's default is not that of `init`. */
const DEFAULTS = {
  'apiserver-advertise-address': 'that of the interface with the default route',
  'kubeconfig-dir': USUAL_DIRECTORIES.kubeconfigDir,
  'node-name': 'the name of this host',
};

/** The names that a phase takes, each with what it makes. */
export function phaseNames(phase: Phase): readonly (readonly [name: string, describe: string])[] {
  const rows = rowsOfPhase({ phase, name: WHOLE_PHASE });
  return [
    [WHOLE_PHASE, 'all of these'],
    ...rows.map(({ phase: words, purpose }) => [words?.[1] ?? '', purpose] as const),
  ];
}

/** What a part of a phase takes. */
export const addPhaseOptions =
  (phase: Phase, name: string) =>
  (parser: Argv): Argv => {
    const rows = rowsOfPhase({ phase, name });
    const particular = PARTICULAR.filter((each) => each.phase === phase && rows.some(each.isFor));
    const flags = [...COMMON[phase], ...particular.flatMap((each) => each.flags)];
    return addConfigOption(addOutputOption(addClusterOptions(parser, flags, DEFAULTS), ['text', 'json']))
      .option('dry-run', { type: 'boolean', describe: 'print the plan and change nothing' })
      .option('allow-early-clock', {
        type: 'boolean',
        describe: 'go on although the clock shows a time before this release',
      });
  };
