/** `<account>_CloudTrail_<region>_<YYYYMMDDTHHMMZ>_<unique>.json.gz`, as CloudTrail names its files. */
const DELIVERY =
  /_CloudTrail(?:-Insight|-Digest)?_[a-z0-9-]+_(?:.+_)?(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})?Z/;

/**
 * When CloudTrail delivered the file of this name (epoch milliseconds, whole minutes), or undefined
 * when the name does not say. Names sort by account and region before time, so they must be read.
 */
export function deliveryTimeOf(path: string): number | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const match = DELIVERY.exec(name);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  return Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second ?? 0),
  );
}
