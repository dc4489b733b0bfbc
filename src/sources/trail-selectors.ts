import {AppError} from '../base/errors.ts';
import {type AwsOptions, awsFault, loadClient, settingsOf} from './aws.ts';

/** What a trail is told to log, as CloudTrail has it. */
export interface TrailSettings {
  readonly name: string;
  readonly multiRegion: boolean;
  readonly region: string;
  readonly globalServices: boolean;
  readonly logging: boolean;
  readonly advanced: readonly object[];
  readonly basic: readonly object[];
}

/**
 * Asks CloudTrail for the settings of a trail, by its name or ARN.
 * @throws AppError
 */
export async function readTrailSettings(
  trail: string,
  options: AwsOptions = {},
): Promise<TrailSettings> {
  const {CloudTrailClient, DescribeTrailsCommand, GetEventSelectorsCommand, GetTrailStatusCommand} =
    await loadClient('@aws-sdk/client-cloudtrail', () => import('@aws-sdk/client-cloudtrail'));
  const client = new CloudTrailClient(await settingsOf(options));
  const on = `trail "${trail}"`;
  const ask = async <T>(call: string, send: () => Promise<T>): Promise<T> => {
    try {
      return await send();
    } catch (cause) {
      throw awsFault(`cloudtrail:${call}`, on, cause);
    }
  };
  try {
    const {trailList = []} = await ask('DescribeTrails', () =>
      client.send(new DescribeTrailsCommand({trailNameList: [trail]})),
    );
    const [found] = trailList;
    if (found === undefined) throw new AppError('usage', `There is no ${on} in this account`);
    const TrailName = found.TrailARN ?? trail;
    const {AdvancedEventSelectors = [], EventSelectors = []} = await ask('GetEventSelectors', () =>
      client.send(new GetEventSelectorsCommand({TrailName})),
    );
    const {IsLogging = false} = await ask('GetTrailStatus', () =>
      client.send(new GetTrailStatusCommand({Name: TrailName})),
    );
    return {
      name: found.Name ?? trail,
      multiRegion: found.IsMultiRegionTrail === true,
      region: found.HomeRegion ?? '',
      globalServices: found.IncludeGlobalServiceEvents === true,
      logging: IsLogging,
      advanced: AdvancedEventSelectors,
      basic: EventSelectors,
    };
  } finally {
    client.destroy();
  }
}
