/** The options of a log from the configuration: for `serve`, `init` and `config validate`. */
import { initialise, type InitOptions, type Initialised } from '../../../service/init.ts';
import type { LogOptions } from '../../../service/open.ts';
import { publicUrl } from '../../../web/endpoint.ts';
import { configTemplate } from '../../frame/configtemplate.ts';
import type { Context } from '../../frame/context.ts';
import { endpointOf, type Config } from '../../frame/settings.ts';
import { stateDirOf } from '../../frame/state.ts';

/** Makes what is missing in the data directory. */
export function initialiseBy(context: Context): Promise<Initialised> {
  return initialise({ ...initOptions(context), url: publicUrl(context.config) });
}

function initOptions(context: Context): Omit<InitOptions, 'url'> {
  const { resolved, output } = context;
  const { dataDir, guardDir, origin, admitAny } = resolved.config;
  return {
    dataDir,
    guardDir,
    origin,
    open: admitAny,
    stateDir: stateDirOf(context),
    onRemark: (text) => output.note(text),
    ...(resolved.file === undefined && {
      configFile: (named, layout) => configTemplate(resolved, named, layout),
    }),
  };
}

/** The options of `openLog` except its logger. `config validate` checks them. */
export function logOptions(context: Context): Omit<LogOptions, 'logger'> {
  const { config, world } = context;
  const { witnessPolicy } = config;
  return {
    ...initOptions(context),
    endpoint: endpointOf(config),
    maxPending: config.maxPending,
    checkpointIntervalMs: config.checkpointIntervalMs,
    clockTolerance: config.clockTolerance,
    witnesses:
      witnessPolicy === undefined
        ? undefined
        : { policyFile: witnessPolicy, refreshSeconds: config.cosignRefresh },
    limits: limitsOf(config),
    fetch: world.fetch,
    now: world.now,
  };
}

/** The rates of the settings, which are per minute. */
function limitsOf(config: Config): LogOptions['limits'] & object {
  return {
    rateWindowMs: 60_000,
    writesPerWindow: config.rateLimit,
    statementsPerWindow: config.statementRate,
    keyPerWindow: config.keyRate,
    subjectPerWindow: config.subjectRate,
    readsPerWindow: config.readRateLimit,
  };
}
