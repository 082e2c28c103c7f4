using LatentDiffusion.Data.SemanticMaps;
using LatentDiffusion.Diffusion.Conditioning;
using LatentDiffusion.Networks.Features;

namespace LatentDiffusion.Pipelines.Obedience;

/// <summary>Those who tell whether samples obey their conditions, as far as conditions and network allow.</summary>
internal sealed class ConditionJudges : IDisposable
{
    private readonly List<string> _leftOut = [];

    /// <summary>Appoints them; that of the label maps learns.</summary>
    /// <param name="labels">Names of the classes: without any, nobody judges.</param>
    /// <param name="network">Sees the images; null: nobody judges. Not disposed.</param>
    /// <param name="examples">What the judge of label maps learns from.</param>
    public ConditionJudges(ConditionLabels labels, IFeatureNetwork? network, IEnumerable<MappedImage> examples)
    {
        if (network is null)
        {
            return;
        }

        if (labels.Layouts.Count > 0)
        {
            Boxes = JudgeOfBoxes(network);
        }

        if (labels.Maps.Count > 0)
        {
            Maps = JudgeOfMaps(network, labels.Maps.Count, examples);
        }
    }

    /// <summary>Judges layouts, or null.</summary>
    public BoxJudge? Boxes { get; }

    /// <summary>Judges label maps, or null.</summary>
    public MapJudge? Maps { get; }

    /// <summary>Who is missing because images are too small for the network, and why.</summary>
    public IReadOnlyList<string> LeftOut => _leftOut;

    /// <summary>Shows them the next samples.</summary>
    public void Add(IEnumerable<ConditionalDraw> draws)
    {
        foreach (var draw in draws)
        {
            Boxes?.Add(draw);
            Maps?.Add(draw);
        }
    }

    public void Dispose() => Maps?.Dispose();

    private BoxJudge? JudgeOfBoxes(IFeatureNetwork network)
    {
        if (network.SmallestEmbedded <= BoxJudge.Side)
        {
            return new BoxJudge(network);
        }

        _leftOut.Add(
            $"Layouts are not judged: {network.Name} takes images of at least {network.SmallestEmbedded} pixels a "
                + $"side, and contents of boxes have {BoxJudge.Side}."
        );
        return null;
    }

    private MapJudge? JudgeOfMaps(IFeatureNetwork network, int classes, IEnumerable<MappedImage> examples)
    {
        var judge = new MapJudge(network, classes);
        try
        {
            foreach (var example in examples)
            {
                var side = Math.Min(example.Image.Width, example.Image.Height);
                if (side < network.SmallestImage)
                {
                    _leftOut.Add(
                        $"Label maps are not judged: {network.Name} takes images of at least {network.SmallestImage} "
                            + $"pixels a side, and there are images of {side}."
                    );
                    judge.Dispose();
                    return null;
                }

                judge.Learn(example);
            }

            return judge;
        }
        catch
        {
            judge.Dispose();
            throw;
        }
    }
}
