export function PrincipalsPage() {
  return (
    <main id="main">
      <h1>Principals</h1>
    </main>
  );
}
