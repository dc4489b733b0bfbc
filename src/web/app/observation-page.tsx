export function ObservationPage({id}: {readonly id: number}) {
  return (
    <main id="main">
      <h1>{id}</h1>
    </main>
  );
}
