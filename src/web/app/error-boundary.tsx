import {Component, type ReactNode} from 'react';
import {messageOf} from '../../base/errors.ts';

interface Props {
  readonly children: ReactNode;
}

interface State {
  readonly message: string | undefined;
}

/** A fault of a page shows as such, and leaves the rest of the application at work. */
export class ErrorBoundary extends Component<Props, State> {
  override state: State = {message: undefined};

  static getDerivedStateFromError(error: unknown): State {
    return {message: messageOf(error)};
  }

  override render(): ReactNode {
    const {message} = this.state;
    if (message === undefined) return this.props.children;
    return (
      <main id="main">
        <h1>This page has a fault</h1>
        <p role="alert">{message}</p>
        <button type="button" onClick={() => location.reload()}>
          Load it again
        </button>
      </main>
    );
  }
}
