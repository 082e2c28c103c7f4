namespace LatentDiffusion.Cli.Demo;

/// <summary>One thing that the demo shows: a command of this program with a model that ships.</summary>
/// <param name="Name">Names its folder.</param>
/// <param name="Title">What it is.</param>
/// <param name="Text">What to look at.</param>
/// <param name="Verb">The verb.</param>
/// <param name="Model">The model under <c>models</c>.</param>
/// <param name="Options">What follows the model; files of <c>examples</c> by their path from the repository's root.</param>
internal sealed record Exhibit(
    string Name,
    string Title,
    string Text,
    string Verb,
    string Model,
    IReadOnlyList<string> Options
)
{
    /// <summary>One of each kind, in the order of the page.</summary>
    public static IReadOnlyList<Exhibit> All { get; } =
    [
        new(
            "text",
            "Text to image",
            "A transformer reads the prompt; every layer of the UNet looks at its words (cross-attention).",
            "txt2img",
            "emoji-text",
            ["--prompt", "a red apple", "--count", "8"]
        ),
        new(
            "class",
            "Class to image",
            "Every group of emoji; the group is the only thing that the model is told.",
            "sample",
            "emoji-class",
            ["--count", "2"]
        ),
        new(
            "deepsky",
            "Deep sky",
            "Galaxies, clusters and nebulae, as photographed for Stellarium.",
            "sample",
            "deepsky",
            ["--count", "4"]
        ),
        new(
            "layout",
            "Boxes to image",
            "The boxes and their labels are the prompt: each object has to stand in its box.",
            "layout",
            "scene-layout",
            ["--layout", "examples/scene-layout.json", "--count", "4"]
        ),
        new(
            "semantic",
            "Label map to image",
            "Every pixel of the map says what is to be there.",
            "semantic",
            "scene-semantic",
            ["--map", "examples/scene-map.png", "--count", "4"]
        ),
        new(
            "inpaint",
            "Inpainting",
            "The black part is painted anew; every other pixel is the photograph's, bit for bit.",
            "inpaint",
            "photo-inpaint",
            ["--image", "examples/cat.png", "--mask", "examples/cat-mask.png", "--count", "2"]
        ),
        new(
            "superres",
            "Super-resolution",
            "Four times as wide and high, with detail that suits it.",
            "superres",
            "photo-superres-x4",
            ["--image", "examples/coffee-small.png"]
        ),
    ];

    /// <summary>The command to copy.</summary>
    public string Command => $"./ldm {Verb} models/{Model} {string.Join(' ', Options.Select(Quoted))} --grid";

    /// <summary>The command line to run.</summary>
    /// <param name="model">The model's folder.</param>
    /// <param name="root">The folder that has examples.</param>
    /// <param name="folder">Receives the pictures.</param>
    public IEnumerable<string> Arguments(string model, string root, string folder) =>
        [
            Verb,
            model,
            .. Options.Select(option =>
                option.StartsWith("examples/", StringComparison.Ordinal) ? Path.Combine(root, option) : option
            ),
            "--out",
            folder,
            "--grid",
        ];

    private static string Quoted(string option) =>
        option.Contains(' ', StringComparison.Ordinal) ? $"\"{option}\"" : option;
}
