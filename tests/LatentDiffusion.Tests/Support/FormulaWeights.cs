using LatentDiffusion.Networks.Autoencoders;
using TorchSharp;

namespace LatentDiffusion.Tests.Support;

/// <summary>The weights behind the reference's results: a wave per state-dict entry, so that no weights need storing.</summary>
internal static class FormulaWeights
{
    private static readonly string[] Untouched =
    [
        "running_mean",
        "running_var",
        "scaling_layer.shift",
        "scaling_layer.scale",
    ];

    /// <summary>Overwrites all weights of <paramref name="module"/> and returns it.</summary>
    public static T Fill<T>(T module)
        where T : torch.nn.Module
    {
        using var noGradient = torch.no_grad();
        var codebooks = Codebooks(module);
        var entries = module.state_dict().OrderBy(entry => entry.Key, StringComparer.Ordinal);
        foreach (var (j, (name, tensor)) in entries.Index())
        {
            if (!tensor.is_floating_point() || Untouched.Any(name.EndsWith))
            {
                continue;
            }

            var values = new float[tensor.numel()];
            var scale = Scale(tensor, codebooks.Contains(name));
            var offset = tensor.dim() < 2 && name.EndsWith("weight", StringComparison.Ordinal) ? 1.0 : 0.0;
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = (float)(offset + scale * Math.Sin(0.37 * (i + 1) + 0.71 * (j + 1)));
            }

            using var filled = torch.tensor(values, tensor.shape);
            tensor.copy_(filled);
        }

        return module;
    }

    private static double Scale(torch.Tensor tensor, bool isCodebook) =>
        tensor.dim() switch
        {
            < 2 => 0.1,
            _ when isCodebook => 1,
            _ => 1 / Math.Sqrt((double)tensor.numel() / tensor.shape[0]),
        };

    private static HashSet<string> Codebooks(torch.nn.Module module) =>
        [
            .. module
                .named_modules()
                .Append(("", module))
                .Where(entry => entry.Item2 is VectorQuantizer)
                .Select(entry => entry.Item1.Length == 0 ? "embedding.weight" : $"{entry.Item1}.embedding.weight"),
        ];
}
