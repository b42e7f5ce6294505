import type { Options } from 'yargs';
import type { ComponentForm } from '../components/command.ts';

/** The flags of `verify` that name what starts the components, each a file or a directory. */
export const COMPONENT_FLAGS: Readonly<
  Record<string, { readonly form: ComponentForm; readonly describe: string }>
> = {
  manifests: {
    form: 'manifest',
    describe: 'static pods or a KubeletConfiguration: hold their arguments against the table, too',
  },
  unit: { form: 'unit', describe: 'the same of systemd units and their drop-ins' },
  args: { form: 'arguments', describe: 'the same of command lines, as ps or /proc/PID/cmdline have them' },
};

/** As yargs takes them. */
export const COMPONENT_OPTIONS: Readonly<Record<string, Options>> = Object.fromEntries(
  Object.entries(COMPONENT_FLAGS).map(([name, { describe }]) => [
    name,
    {
      type: 'string',
      array: true,
      requiresArg: true,
      describe: `${describe} (a file or a directory)`,
      group: 'Components:',
    },
  ]),
);
