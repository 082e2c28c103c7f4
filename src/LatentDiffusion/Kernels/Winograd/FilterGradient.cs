namespace LatentDiffusion.Kernels.Winograd;

/// <summary>
/// The gradient of a 3x3 convolution's filters, by the transposed Winograd algorithm: dU = V^T (A dY A^T), summed over
/// tiles, then dg = G^T dU G.
/// </summary>
internal static unsafe class FilterGradient<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    private const int Products = 36;
    private const int MostTilesPerGroup = 128;

    // With few channels the tiles are shared out instead of the channels. The number of shares is fixed: the sums do not
    // depend on the number of threads.
    private const int Shares = 4;
    private const int FewPanels = 4;

    // One cache line more: matrices whose distances are powers of two would compete for the same few cache sets.
    private const int Padding = 16;

    private static int Panel => TileColumn<TLanes, TVector>.PanelWidth;

    /// <summary>Computes the gradient.</summary>
    /// <param name="shape">Sizes; both channel counts are multiples of the register width.</param>
    /// <param name="x">What went in, [B, H, W, Ci].</param>
    /// <param name="gradient">Of the output, [B, H, W, Co].</param>
    /// <param name="target">[Co, Ci, 3, 3].</param>
    public static void Run(ConvolutionShape shape, float* x, float* gradient, float* target)
    {
        var panels = (shape.Output + Panel - 1) / Panel;
        var byTile = panels < FewPanels && shape.Tiles >= Shares * 16;
        var shares = byTile ? Shares : 1;
        var threads = ThreadTeam.Size;
        var row = (nint)shape.Input + Padding;
        var mostTiles = Math.Min(MostTilesPerGroup, (shape.Tiles + shares - 1) / shares);
        var vStep = mostTiles * row + Padding;
        var mStep = (nint)mostTiles * Panel + Padding;
        var uStep = (nint)shape.Input * Panel + Padding;
        var vSize = Products * vStep;
        var mSize = Products * mStep;
        var uSize = Products * uStep;
        using var zeroScratch = new Scratch(Math.Max(shape.Input, Panel));
        using var vScratch = new Scratch(vSize * (byTile ? threads : 1));
        using var mScratch = new Scratch(mSize * threads);
        using var uScratch = new Scratch(uSize * panels * shares);
        var zeros = zeroScratch.Data;
        var v = vScratch.Data;
        var m = mScratch.Data;
        var u = uScratch.Data;
        new Span<float>(zeros, Math.Max(shape.Input, Panel)).Clear();
        if (byTile)
        {
            ThreadTeam.ForEach(
                shares,
                (share, thread) =>
                {
                    var mine = v + thread * vSize;
                    ForEachGroup(
                        share,
                        (first, end) =>
                        {
                            for (var tile = first; tile < end; tile++)
                            {
                                Input(tile, first, mine);
                            }

                            for (var panel = 0; panel < panels; panel++)
                            {
                                Multiply(panel, share, first, end, mine, m + thread * mSize);
                            }
                        }
                    );
                }
            );
        }
        else
        {
            ForEachGroup(
                0,
                (first, end) =>
                {
                    ThreadTeam.ForEach(end - first, (tile, _) => Input(first + tile, first, v));
                    ThreadTeam.ForEach(
                        panels,
                        (panel, thread) => Multiply(panel, 0, first, end, v, m + thread * mSize)
                    );
                }
            );
        }

        ThreadTeam.ForEach(
            panels,
            (panel, _) =>
            {
                for (var share = 1; share < shares; share++)
                {
                    Add(u + panel * uSize, u + ((nint)share * panels + panel) * uSize, uSize);
                }

                FilterGradientTransform.Run(
                    u + panel * uSize,
                    uStep,
                    Panel,
                    Math.Min(Panel, shape.Output - panel * Panel),
                    shape.Input,
                    target + (nint)panel * Panel * shape.Input * 9
                );
            }
        );

        void ForEachGroup(int share, Action<int, int> body)
        {
            var start = (int)((long)share * shape.Tiles / shares);
            var stop = (int)((long)(share + 1) * shape.Tiles / shares);
            for (var first = start; first < stop; first += mostTiles)
            {
                body(first, Math.Min(stop, first + mostTiles));
            }
        }

        void Input(int tile, int first, float* into) =>
            InputTransform<TLanes, TVector>.Run(x, shape, tile, into + (tile - first) * row, vStep, zeros);

        void Multiply(int panel, int share, int first, int end, float* source, float* memory)
        {
            var channel = panel * Panel;
            var channels = Math.Min(Panel, shape.Output - channel);
            for (var tile = first; tile < end; tile++)
            {
                var at = memory + (nint)(tile - first) * Panel;
                GradientTransform<TLanes, TVector>.Run(gradient, shape, tile, channel, channels, at, mStep, zeros);
                for (var c = channels; c < Panel; c += TLanes.Width)
                {
                    for (var product = 0; product < Products; product++)
                    {
                        TLanes.Store(TLanes.Broadcast(0), at + product * mStep + c);
                    }
                }
            }

            // The first group of a share sets the sums, the others add to them.
            var isFirst = first == (int)((long)share * shape.Tiles / shares);
            var sums = u + ((nint)share * panels + panel) * uSize;
            for (var product = 0; product < Products; product++)
            {
                TileColumn<TLanes, TVector>.Run(
                    shape.Input,
                    end - first,
                    source + product * vStep,
                    1,
                    row,
                    memory + product * mStep,
                    sums + product * uStep,
                    Panel,
                    isFirst ? zeros : null
                );
            }
        }
    }

    private static void Add(float* target, float* source, nint count)
    {
        for (nint i = 0; i < count; i += TLanes.Width)
        {
            TLanes.Store(TLanes.Add(TLanes.Load(target + i), TLanes.Load(source + i)), target + i);
        }
    }
}
