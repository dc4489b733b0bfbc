import type {ApiFailure} from './api.ts';

interface Props {
  readonly failure: ApiFailure;
  readonly onRetry?: () => void;
}

export function FailureNote({failure, onRetry}: Props) {
  return (
    <p className="failure" role="alert">
      <strong>{failure.status === 404 ? 'Not found.' : 'That failed.'}</strong> {failure.message}
      {onRetry !== undefined && failure.status !== 404 && (
        <button type="button" className="small" onClick={onRetry}>
          Try again
        </button>
      )}
    </p>
  );
}
