import type { Arguments, Argv } from 'yargs';
import { initJson, initText } from '../report/init.ts';
import { init } from './init.ts';
import { addClusterOptions, addOutputOption, clusterOptionsOf } from './options.ts';
import { EXIT, printData, printMessages } from './terminal.ts';

/** `k8s-pki init`. */
export const initCommand: {
  readonly addOptions: (parser: Argv) => Argv;
  readonly run: (parsed: Arguments, signal: AbortSignal) => Promise<number>;
} = {
  addOptions: (parser) =>
    addOutputOption(addClusterOptions(parser), ['text', 'json'])
      .option('dry-run', { type: 'boolean', describe: 'print the plan and change nothing' })
      .option('allow-early-clock', {
        type: 'boolean',
        describe: 'go on although the clock shows a time before this release',
      })
      .example('$0 init --host-ip 10.0.0.5', 'the PKI of the first control-plane host, below /etc/kubernetes')
      .example('$0 init --host-ip 192.0.2.10 --cert-dir ./out/pki', 'the same in a local folder'),

  run: async (parsed, signal) => {
    const { report, messages } = await init({
      cluster: clusterOptionsOf(parsed),
      isDryRun: parsed['dry-run'] === true,
      isEarlyClockAllowed: parsed['allow-early-clock'] === true,
      signal,
    });
    printMessages(messages);
    if (parsed['output'] === 'json') printData([JSON.stringify(initJson(report), null, 2)]);
    else if (report.outcome !== 'refused') printData(initText(report));
    return report.outcome === 'refused' ? EXIT.refused : EXIT.done;
  },
};
