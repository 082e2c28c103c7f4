using LatentDiffusion.Cli.Terminal;
using LatentDiffusion.Models;
using LatentDiffusion.Pipelines;

namespace LatentDiffusion.Cli.Drawing;

/// <summary>Says where a model will not do what a prompt says.</summary>
internal static class PromptNotes
{
    private const int Shown = 40;

    /// <summary>One line for each prompt that is empty or whose end is not read, however many images are drawn of it.</summary>
    public static void Tell(SamplingRequest request, LatentDiffusionModel model, Output output)
    {
        if (request.Inputs.Any(input => string.IsNullOrWhiteSpace(input.Prompt?.Source ?? "-")))
        {
            output.Warn("The prompt is empty: the model draws anything.");
        }

        foreach (var input in request.Inputs.Append(request.Negative).DistinctBy(input => input.Prompt?.Source ?? ""))
        {
            if (model.Conditioner?.CutFrom(input) is { } cut)
            {
                var source = input.Prompt!.Source;
                var start = source.Length <= Shown ? source : source[..Shown].TrimEnd() + "...";
                output.Warn($"The prompt \"{start}\" is longer than the model reads. Left out: \"{cut}\".");
            }
        }
    }
}
