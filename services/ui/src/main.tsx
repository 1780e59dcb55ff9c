import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { makeQueryClient } from "./app/query";
import { fetchAhead, makeRouter } from "./app/router";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/parts.css";
import "./styles/charts.css";
import "./styles/layout.css";
import "./styles/print.css";

fetchAhead(window.location.pathname);
const queryClient = makeQueryClient(() => {
  const here = router.state.location.href;
  void router.navigate({ to: "/sign-in", search: { next: here, ended: "1" } });
});
const router = makeRouter(queryClient);

const element = document.getElementById("root");
if (element) {
  createRoot(element).render(
    <StrictMode>
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </StrictMode>,
  );
}
