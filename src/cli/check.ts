import {checkConfig} from '../app/service/check-config.ts';
import {loadConfig} from '../app/service/load-config.ts';
import {type Output, plain} from './output.ts';

export interface CheckOptions {
  readonly config: string;
  readonly connect?: boolean;
}

/** Reports all that is wrong with a configuration, and on request with the world it names. */
export async function checkCommand(options: CheckOptions, output: Output): Promise<number> {
  const loaded = await loadConfig(options.config);
  let code = 0;
  for await (const {what, state, detail} of checkConfig(loaded, {
    connect: options.connect === true,
  })) {
    const mark = state === 'ok' ? output.style('green', 'ok   ') : output.style('red', 'fault');
    const [first = '', ...rest] = detail.split('\n').map(plain);
    await output.write(`${mark}  ${what}: ${[first, ...rest].join('\n       ')}\n`);
    // What a person can mend comes first: the world may be right once that is.
    if (state === 'input') code = 2;
    else if (state === 'world' && code === 0) code = 3;
  }
  const {sources, alerts} = loaded.config;
  output.note(
    `${options.config}: ${code === 0 ? 'sound' : 'not sound'}, ` +
      `${sources.length} sources, ${alerts.destinations.length} destinations`,
  );
  return code;
}
