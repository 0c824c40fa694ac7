"use strict";
(function () {
  const data = JSON.parse(document.getElementById("data").textContent);
  const dashes = ["solid", "dash", "dot", "dashdot", "longdash", "5px,2px", "3px,2px", "1px,3px"];
  const symbols = ["circle", "square", "diamond", "triangle-up", "cross", "x", "star", "triangle-down"];
  const hidden = {};  // by chart: the names of the laws that are switched off

  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  }

  function faint(hex) {
    const parts = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
    return "rgba(" + parts.join(",") + ",0.16)";
  }

  function trace(series, off) {
    const own = colour("c" + series.colour);
    const shown = { name: series.name, visible: !off.has(series.name), showlegend: false };
    if (series.form === "band") {
      return Object.assign(shown, {
        x: series.x.concat(series.x.slice().reverse()), y: series.y.concat(series.low.slice().reverse()),
        mode: "lines", fill: "toself", fillcolor: faint(own), line: { width: 0 }, hoverinfo: "skip",
      });
    }
    const points = series.form === "points";
    const texts = series.text.length ? { text: series.text, hoverinfo: "text" } : { hoverinfo: "x+y+name" };
    const look = points
      ? { mode: "markers", cliponaxis: false, marker: { color: own, size: series.colour ? 9 : 12, symbol: symbols[series.colour], line: { color: colour("paper"), width: 1.5 } } }
      : { mode: "lines", line: { color: own, width: series.colour ? 1.75 : 3, dash: dashes[series.colour] } };
    return Object.assign(shown, { x: series.x, y: series.y }, texts, look);
  }

  function axis(described) {
    return {
      title: { text: described.label, standoff: 8 }, type: described.log ? "log" : "linear", automargin: true,
      range: described.log ? described.ends.map(Math.log10) : described.ends,
      gridcolor: colour("rule"), linecolor: colour("rule"), zeroline: false, fixedrange: true,
      exponentformat: described.log ? "power" : "none", tickvals: described.at, ticktext: described.marks,
    };
  }

  function layout(chart) {
    return {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", margin: { l: 8, r: 20, t: 8, b: 8 },
      font: { family: getComputedStyle(document.body).fontFamily, size: 13, color: colour("soft") },
      hoverlabel: { bgcolor: colour("paper"), bordercolor: colour("rule"), font: { color: colour("ink"), size: 13 } },
      xaxis: axis(chart.x), yaxis: axis(chart.y), hovermode: "closest", dragmode: false,
    };
  }

  function draw(id) {
    const figure = document.getElementById(id);
    const chart = data.charts[id];
    const place = figure.querySelector(".drawn");
    place.hidden = false;
    figure.querySelector(".still").hidden = true;
    const traces = chart.series.map((series) => trace(series, hidden[id] || new Set()));
    return Plotly.react(place, traces, layout(chart), { displayModeBar: false, responsive: true });
  }

  function choose(id, number) {
    const budgets = data.budgets[id];
    const step = budgets.steps[number];
    const slider = document.getElementById(id);
    slider.querySelectorAll("[data-word]").forEach((place) => {
      place.textContent = step.words[place.dataset.word] || "–";
    });
    slider.querySelector("output").textContent = step.said;
    slider.querySelector("input[type=range]").setAttribute("aria-valuetext", step.said);
    slider.dataset.flops = step.flops;
    slider.dataset.nParams = step.n_params;
    slider.dataset.nTokens = step.n_tokens;
    if (budgets.sizes && step.chart) {
      data.charts[budgets.sizes] = step.chart;
      draw(budgets.sizes);
    }
    const frontier = data.charts[budgets.frontier];
    const here = frontier.series[frontier.series.length - 1];
    here.x = [step.flops];
    here.y = [step.n_params];
    here.text = [step.said + ": " + step.words.n_params + " parameters on " + step.words.n_tokens + " tokens"];
    draw(budgets.frontier);
  }

  function connect(id) {
    const budgets = data.budgets[id];
    const slider = document.getElementById(id);
    const range = slider.querySelector("input[type=range]");
    slider.hidden = false;
    range.value = budgets.asked;
    range.addEventListener("input", () => choose(id, Number(range.value)));
    slider.querySelectorAll("fieldset input").forEach((box) => {
      box.checked = true;
      box.addEventListener("change", () => {
        [budgets.sizes, budgets.frontier].filter(Boolean).forEach((chart) => {
          hidden[chart] = hidden[chart] || new Set();
          hidden[chart][box.checked ? "delete" : "add"](box.value);
          draw(chart);
        });
      });
    });
    choose(id, budgets.asked);
  }

  function drawAll() {
    Object.keys(data.charts).forEach(draw);
  }

  document.documentElement.classList.add("script");
  drawAll();
  Object.keys(data.budgets).forEach(connect);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
})();
